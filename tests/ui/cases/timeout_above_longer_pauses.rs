use resilience_runtime::{retry, timeout};

#[timeout(2)]
//~ 2 | the pauses of the retry below take 3 s by themselves, so that its last attempt is never made: write a longer timeout, or fewer or shorter pauses
#[retry(max = 3, delay = 1, backoff = 2)]
async fn f() -> std::io::Result<()> {
    Ok(())
}

#[timeout(3)]
#[retry(max = 3, delay = 1, backoff = 2)]
async fn just_enough() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
