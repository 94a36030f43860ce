use resilience_runtime::retry;

type Result = std::io::Result<()>;

#[retry]
//~ #[retry] | borrow of moved value: `text`
//~    list_a_consumed_argument_in_clone!
#[tracing::instrument(skip_all)]
async fn below(text: String) -> Result {
    drop(text);
    Ok(())
}

#[retry]
//~ #[retry] | borrow of moved value: `text`
//~    list_a_consumed_argument_in_clone!
#[tracing::instrument(skip_all, err)]
async fn below_with_err(number: u8, text: String) -> Result {
    println!("{number}");
    drop(text);
    Ok(())
}

#[tracing::instrument(skip_all)]
#[retry]
//~ #[retry] | borrow of moved value: `text`
//~    list_a_consumed_argument_in_clone!
async fn above(text: String) -> Result {
    drop(text);
    Ok(())
}

#[retry]
//~ #[retry] | borrow of moved value: `text`
//~    list_a_consumed_argument_in_clone!
#[tracing::instrument(skip_all)]
async fn mut_below(mut text: String) -> Result {
    text.push('!');
    drop(text);
    Ok(())
}

#[tracing::instrument(skip_all)]
#[retry]
//~ #[retry] | borrow of moved value: `text`
//~    list_a_consumed_argument_in_clone!
async fn mut_of_a_pattern_above((mut text, number): (String, u8)) -> Result {
    text.push('!');
    drop((text, number));
    Ok(())
}

// The compiler does not name `self`, which no statement can bind to a local variable.
struct Client;

impl Client {
    #[retry]
    //~ #[retry] | borrow of moved value
    //~    move occurs because value has type `Client`, which does not implement the `Copy` trait
    //~    take_a_reference_to_self!
    #[tracing::instrument(skip_all)]
    async fn of_self(self) -> Result {
        drop(self);
        Ok(())
    }
}

fn main() {}
