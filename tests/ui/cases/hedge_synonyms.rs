use resilience_runtime::hedge;

#[hedge(delay = "100ms", max_hedges = 1)]
//~ delay | unknown option `delay`; did you mean `after`, in seconds or as a text such as "250ms"? the options are `name`, `after`, `min_after`, `max_after`, `with`, `max`, `budget`, `clone`, `crate`
//~ max_hedges | unknown option `max_hedges`; did you mean `max`, which also counts the first attempt? the options are `name`, `after`, `min_after`, `max_after`, `with`, `max`, `budget`, `clone`, `crate`
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[hedge(quantile = "p95", min_delay = "5ms", max_delay = 1, hedge_budget = BUDGET)]
//~ hedge_budget | unknown option `hedge_budget`; did you mean `budget`? the options are `name`, `after`, `min_after`, `max_after`, `with`, `max`, `budget`, `clone`, `crate`
//~ max_delay | unknown option `max_delay`; did you mean `max_after`, in seconds or as a text such as "250ms"? the options are `name`, `after`, `min_after`, `max_after`, `with`, `max`, `budget`, `clone`, `crate`
//~ min_delay | unknown option `min_delay`; did you mean `min_after`, in seconds or as a text such as "250ms"? the options are `name`, `after`, `min_after`, `max_after`, `with`, `max`, `budget`, `clone`, `crate`
//~ quantile | unknown option `quantile`; did you mean `after`, which may be a percentile such as "p95"? the options are `name`, `after`, `min_after`, `max_after`, `with`, `max`, `budget`, `clone`, `crate`
async fn f1() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
