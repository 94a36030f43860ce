use resilience_runtime::circuit;

#[circuit(name = "a")]
async fn f() -> u32 {
//~ u32 | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
    7
}

fn main() {}
