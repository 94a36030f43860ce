use resilience_runtime::circuit;

#[circuit(nam = "a")]
//~ nam | unknown option `nam`; did you mean `name`? the options are `name`, `threshold`, `cooldown`, `half_open_max`, `trial_timeout`, `failure_if`, `open`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
