use resilience_runtime::{fallback, hedge};

#[hedge(after = 1)]
#[fallback(g)]
//~ fallback | below a hedge the fallback would take the place of the first failure, and hide it from the hedge: put `#[fallback]` above `#[hedge]`
async fn f() -> std::io::Result<()> {
    Ok(())
}

async fn g() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
