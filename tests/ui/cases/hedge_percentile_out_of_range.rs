use resilience_runtime::hedge;

#[hedge(after = "p0", min_after = "5ms", max_after = "1s")]
//~ "p0" | `after` must be a percentile from "p50" to "p99.9"
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p49", min_after = "5ms", max_after = "1s")]
//~ "p49" | `after` must be a percentile from "p50" to "p99.9"
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p49.9", min_after = "5ms", max_after = "1s")]
//~ "p49.9" | `after` must be a percentile from "p50" to "p99.9"
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p99.95", min_after = "5ms", max_after = "1s")]
//~ "p99.95" | `after` must be a percentile from "p50" to "p99.9"
async fn f3() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p100", min_after = "5ms", max_after = "1s")]
//~ "p100" | `after` must be a percentile from "p50" to "p99.9"
async fn f4() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
