use resilience_runtime::hedge;

#[hedge(after = 1, min_after = "5ms", max_after = 1)]
//~ max_after | `max_after` needs a percentile beside it: write `after = "p95"`, or leave this out
//~ min_after | `min_after` needs a percentile beside it: write `after = "p95"`, or leave this out
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[hedge(name = "named", max_after = 1)]
//~ max_after | `max_after` needs a percentile beside it: write `after = "p95"`, or leave this out
async fn f1() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
