use resilience_runtime::fallback;

#[fallback(async |error| Err(error))]
//~ async | a closure cannot wait: write the path of an `async fn`
async fn f0() -> std::io::Result<u32> {
    Ok(1)
}

#[fallback(|_| { let number = g().await; Ok(number) })]
//~ await | a closure cannot wait: write the path of an `async fn`
async fn f1() -> std::io::Result<u32> {
    Ok(1)
}

#[fallback(value = g().await)]
//~ await | `value` cannot wait: write the path of an `async fn`
async fn f2() -> std::io::Result<u32> {
    Ok(1)
}

async fn g() -> u32 {
    7
}

fn main() {}
