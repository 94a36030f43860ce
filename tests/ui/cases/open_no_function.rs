use resilience_runtime::circuit;

#[circuit(name = "a", open = "try later")]
//~ "try later" | `open` must be the path of a function, or a closure
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
