use resilience_runtime::{circuit, retry, timeout};

#[timeout(5)]
#[circuit(name = "a")]
#[timeout("6s")]
//~ "6s" | the timeout above is over first, after 5 s: remove one
async fn f() -> std::io::Result<()> {
    Ok(())
}

#[timeout(8)]
#[circuit(name = "b")]
#[timeout(8)]
async fn as_long() -> std::io::Result<()> {
    Ok(())
}

#[timeout(5)]
#[retry(max = 2, delay = 1)]
#[timeout(9)]
//~ 9 | the timeout above is over first, after 5 s: remove one
async fn below_a_retry() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
