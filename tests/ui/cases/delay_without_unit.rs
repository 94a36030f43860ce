use resilience_runtime::retry;

#[retry(delay = "250")]
//~ "250" | `delay` must be a number with a unit, such as "250ms"
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
