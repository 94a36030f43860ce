use resilience_runtime::timeout;

#[timeout(timeout = 5)]
//~ timeout | unknown option `timeout`; did you mean `#[timeout(5)]`, a time in seconds without a name? the options are `name`, `with`, `error`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
