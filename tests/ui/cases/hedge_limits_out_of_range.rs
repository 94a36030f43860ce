use resilience_runtime::hedge;

#[hedge(after = "p95", min_after = 2, max_after = "1s")]
//~ min_after | `min_after` must be at most as long as `max_after`, which is 1s
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p95", min_after = 0, max_after = 0)]
//~ 0 | `max_after` must be longer than zero
//~ 0 | `min_after` must be longer than zero
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p95", min_after = -1, max_after = "1 year")]
//~ "1 year" | `year` is no unit of time; the units are `ns`, `us`, `ms`, `s`, `m`, `h`, `d`
//~ -1 | `min_after` must not be negative
async fn f2() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
