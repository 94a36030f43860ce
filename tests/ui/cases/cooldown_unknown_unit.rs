use resilience_runtime::circuit;

#[circuit(name = "a", cooldown = "30 parsecs")]
//~ "30 parsecs" | `parsecs` is no unit of time; the units are `ns`, `us`, `ms`, `s`, `m`, `h`, `d`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
