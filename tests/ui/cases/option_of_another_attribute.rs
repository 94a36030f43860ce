use resilience_runtime::circuit;

#[circuit(name = "a", max = 3)]
//~ max | unknown option `max`; the options are `name`, `threshold`, `cooldown`, `half_open_max`, `trial_timeout`, `failure_if`, `open`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
