use resilience_runtime::{fallback, retry};

#[retry]
#[fallback(g)]
//~ fallback | below a retry the fallback would take the place of the first failure, and hide it from the retry: put `#[fallback]` above `#[retry]`
async fn f() -> std::io::Result<()> {
    Ok(())
}

async fn g() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
