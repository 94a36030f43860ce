use resilience_runtime::retry;

#[retry]
async fn f(text: String) -> std::io::Result<()> {
//~ { | use of moved value: `text`
//~    consider cloning the value if the performance cost is acceptable
    drop(text);
    Ok(())
}

fn main() {}
