use resilience_runtime::circuit;

#[circuit(name = "a", failure_if = 3)]
//~ 3 | `failure_if` must be the path of a function, or a closure
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
