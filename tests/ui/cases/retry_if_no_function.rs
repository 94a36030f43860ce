use resilience_runtime::retry;

#[retry(retry_if = true)]
//~ true | `retry_if` must be the path of a function, or a closure
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
