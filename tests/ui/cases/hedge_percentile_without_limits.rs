use resilience_runtime::hedge;

#[hedge(after = "p95")]
//~ "p95" | a percentile needs `min_after = ..` and `max_after = ..` beside it
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p95", max_after = 1)]
//~ "p95" | a percentile needs `min_after = ..` beside it
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p95", min_after = 1)]
//~ "p95" | a percentile needs `max_after = ..` beside it
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[hedge(name = "named", after = "p95")]
//~ "p95" | a percentile needs `min_after = ..` and `max_after = ..` beside it
async fn f3() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
