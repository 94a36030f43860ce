use resilience_runtime::rate_limit;

#[rate_limit(limit = 1, per = "1ns")]
//~ "1ns" | `per` must be from 1 ms to 24 h
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
