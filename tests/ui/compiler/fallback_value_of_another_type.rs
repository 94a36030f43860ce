use resilience_runtime::fallback;

#[fallback(value = "7")]
//~ "7" | mismatched types
async fn f0() -> std::io::Result<u32> {
    Ok(1)
}

#[fallback(|error| error.to_string())]
//~ error.to_string() | mismatched types
//~    expected enum `Result<String, std::io::Error>`  found struct `String`
async fn f1() -> std::io::Result<String> {
    Ok(String::new())
}

#[fallback(|| Ok(7))]
//~ #[fallback(|| Ok(7))] | closure is expected to take 1 argument, but it takes 0 arguments
//~    consider changing the closure to take and ignore the expected argument
async fn f2() -> std::io::Result<u32> {
    Ok(1)
}

fn main() {}
