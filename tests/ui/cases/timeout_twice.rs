use resilience_runtime::timeout;

#[timeout(5, 6)]
//~ 6 | expected `option = value`; the options are `name`, `with`, `error`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
