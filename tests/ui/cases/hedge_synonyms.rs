use resilience_runtime::hedge;

#[hedge(delay = "100ms", max_hedges = 1)]
//~ delay | unknown option `delay`; did you mean `after`, in seconds or as a text such as "250ms"? the options are `name`, `after`, `with`, `max`, `clone`, `crate`
//~ max_hedges | unknown option `max_hedges`; did you mean `max`, which also counts the first attempt? the options are `name`, `after`, `with`, `max`, `clone`, `crate`
async fn f0() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
