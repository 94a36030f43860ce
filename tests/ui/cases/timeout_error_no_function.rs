use resilience_runtime::timeout;

#[timeout(5, error = "late")]
//~ "late" | `error` must be the path of a function, or a closure
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
