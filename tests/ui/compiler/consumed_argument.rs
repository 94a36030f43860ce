use resilience_runtime::retry;

#[retry]
//~ #[retry] | borrow of moved value: `text`
//~    consider cloning the value if the performance cost is acceptable
//~    list_a_consumed_argument_in_clone!
async fn f(text: String) -> std::io::Result<()> {
    drop(text);
    Ok(())
}

fn main() {}
