use resilience_runtime::hedge;

#[hedge(after = "p", min_after = "5ms", max_after = "1s")]
//~ "p" | "p" is no percentile: write `p` and a number, such as "p95" or "p99.9"
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "95", min_after = "5ms", max_after = "1s")]
//~ "95" | `after` is a percentile or a time here: write "p95" or "95ms"
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p95.5.5", min_after = "5ms", max_after = "1s")]
//~ "p95.5.5" | "p95.5.5" is no percentile: write `p` and a number, such as "p95" or "p99.9"
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p95ms", min_after = "5ms", max_after = "1s")]
//~ "p95ms" | "p95ms" is no percentile: write `p` and a number, such as "p95" or "p99.9"
async fn f3() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "P95", min_after = "5ms", max_after = "1s")]
//~ "P95" | `after` is a percentile or a time here: write "p95" or "95ms"
async fn f4() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p-95", min_after = "5ms", max_after = "1s")]
//~ "p-95" | "p-95" is no percentile: write `p` and a number, such as "p95" or "p99.9"
async fn f5() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
