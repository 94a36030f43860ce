use resilience_runtime::fallback;

#[fallback(g, value = 7)]
//~ value | `value` does not go with a path or a closure: write one of them
async fn f0() -> std::io::Result<u32> {
    Ok(1)
}

#[fallback(|_| Ok(8), value = 7)]
//~ value | `value` does not go with a path or a closure: write one of them
async fn f1() -> std::io::Result<u32> {
    Ok(1)
}

async fn g() -> std::io::Result<u32> {
    Ok(9)
}

fn main() {}
