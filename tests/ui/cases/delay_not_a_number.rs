use resilience_runtime::retry;

#[retry(delay = f64::NAN)]
//~ f64::NAN | `delay` must be a literal: seconds, such as `1.5`, or a text such as "250ms"
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
