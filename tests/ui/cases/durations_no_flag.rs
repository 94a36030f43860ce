use resilience_runtime::circuit;

#[circuit(name = "a", durations = "1s")]
//~ "1s" | `durations` must be `true` or `false`
async fn f() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "b", durations)]
//~ durations | expected a value: write `durations = ..`
async fn g() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
