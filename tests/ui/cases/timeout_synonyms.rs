use resilience_runtime::timeout;

#[timeout(duration = 5)]
//~ duration | unknown option `duration`; did you mean `#[timeout(5)]`, a time in seconds without a name? the options are `name`, `with`, `error`, `crate`
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[timeout(timeout_ms = 250)]
//~ timeout_ms | unknown option `timeout_ms`; did you mean `#[timeout("250ms")]`, a text with a unit and without a name? the options are `name`, `with`, `error`, `crate`
async fn f1() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
