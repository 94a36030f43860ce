use resilience_runtime::retry;

use resilience_runtime::circuit as breaker;

#[retry]
#[breaker(name = "a")]
//~ #[breaker(name = "a")] | another attribute of this family has been expanded before this one, which it could not recognise under its changed name: put this one on top, or use it under its own name
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
