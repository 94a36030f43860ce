use resilience_runtime::fallback;

#[fallback(fallback_method = g)]
//~ fallback_method | unknown option `fallback_method`; did you mean `#[fallback(path)]`, the path of an `async fn` without a name? the options are `value`, `name`, `on`, `with_error`, `clone`, `crate`
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[fallback(g, when = is_rejected)]
//~ when | unknown option `when`; did you mean `on`, which is "any" or "rejected"? the options are `value`, `name`, `on`, `with_error`, `clone`, `crate`
async fn f1() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
