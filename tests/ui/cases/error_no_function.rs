use resilience_runtime::circuit;

#[circuit(name = "a", error = "try later")]
//~ "try later" | `error` must be the path of a function, or a closure
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
