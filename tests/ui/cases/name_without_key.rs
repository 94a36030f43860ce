use resilience_runtime::circuit;

#[circuit("exa_api")]
//~ "exa_api" | expected `option = value`; the options are `name`, `threshold`, `cooldown`, `half_open_max`, `trial_timeout`, `failure_if`, `open`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
