use resilience_runtime::circuit;

#[circuit(name = "a", treshold = 3)]
//~ treshold | unknown option `treshold`; did you mean `threshold`? the options are `name`, `threshold`, `cooldown`, `half_open_max`, `trial_timeout`, `failure_if`, `open`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
