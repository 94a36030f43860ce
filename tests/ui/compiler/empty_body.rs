use resilience_runtime::{circuit, retry};

#[circuit(name = "a")]
async fn once() -> std::io::Result<u32> {}
//~ {} | mismatched types
//~    expected enum `Result<u32, std::io::Error>` found unit type `()`

#[retry]
async fn repeated() -> std::io::Result<u32> {
//~ { | mismatched types
//~    expected enum `Result<u32, std::io::Error>` found unit type `()`
}

fn main() {}
