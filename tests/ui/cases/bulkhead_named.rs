use resilience_runtime::bulkhead;

#[bulkhead(name = "a", max = 1)]
//~ name | unknown option `name`; the options are `max`, `wait`, `with`, `error`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
