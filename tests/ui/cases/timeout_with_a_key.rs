use resilience_runtime::timeout;

#[timeout(timeout = 5)]
//~ timeout | unknown option `timeout`; the options are `error`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
