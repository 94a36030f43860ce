use resilience_runtime::retry;

#[retry(delay = f64::NAN)]
//~ f64::NAN | mismatched types
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
