use resilience_runtime::fallback;

#[fallback(value(7))]
//~ value | expected a value: write `value = ..`
async fn f() -> std::io::Result<u32> {
    Ok(1)
}

fn main() {}
