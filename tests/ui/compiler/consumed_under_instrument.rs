use resilience_runtime::retry;

type Result = std::io::Result<()>;

#[retry]
#[tracing::instrument(skip_all)]
async fn below(text: String) -> Result {
//~ { | use of moved value: `text`
    drop(text);
    Ok(())
}

#[retry]
#[tracing::instrument(skip_all, err)]
async fn below_with_err(number: u8, text: String) -> Result {
//~ { | use of moved value: `text`
    println!("{number}");
    drop(text);
    Ok(())
}

#[tracing::instrument(skip_all)]
//~ #[tracing::instrument(skip_all)] | use of moved value: `text`
#[retry]
async fn above(text: String) -> Result {
    drop(text);
    Ok(())
}

#[retry]
#[tracing::instrument(skip_all)]
async fn mut_below(mut text: String) -> Result {
//~ { | use of moved value: `text`
    text.push('!');
    drop(text);
    Ok(())
}

#[tracing::instrument(skip_all)]
//~ #[tracing::instrument(skip_all)] | use of moved value: `text`
#[retry]
async fn mut_of_a_pattern_above((mut text, number): (String, u8)) -> Result {
    text.push('!');
    drop((text, number));
    Ok(())
}

// The compiler does not name `self`, which no statement can bind to a local variable.
struct Client;

impl Client {
    #[retry]
    #[tracing::instrument(skip_all)]
    async fn of_self(self) -> Result {
    //~ { | use of moved value
    //~    move occurs because value has type `Client`, which does not implement the `Copy` trait
        drop(self);
        Ok(())
    }
}

fn main() {}
