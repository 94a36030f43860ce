use resilience_runtime::{hedge, timeout};

#[timeout(5)]
#[hedge(after = 5)]
//~ 5 | the timeout above is over after 5 s, before a second attempt: write less
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
