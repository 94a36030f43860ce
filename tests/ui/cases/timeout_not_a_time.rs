use resilience_runtime::timeout;

#[timeout(fast)]
//~ fast | `timeout` must be a literal: seconds, such as `1.5`, or a text such as "250ms"
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
