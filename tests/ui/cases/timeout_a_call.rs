use resilience_runtime::timeout;

#[timeout(from_secs(5))]
//~ from_secs(5) | `timeout` must be a literal: seconds, such as `1.5`, or a text such as "250ms"
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
