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

fn main() {}
