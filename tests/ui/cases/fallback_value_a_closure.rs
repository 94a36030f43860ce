use resilience_runtime::fallback;

#[fallback(value = |_| 7)]
//~ |_| 7 | `value` must be the `Ok` value: for a closure, write `#[fallback(|error| ..)]`
async fn f() -> std::io::Result<u32> {
    Ok(1)
}

fn main() {}
