use resilience_runtime::fallback;

#[fallback(cached(id), on = "rejected")]
//~ cached(id) | `fallback` must be the path of a function, or a closure
async fn f(id: u32) -> std::io::Result<u32> {
    Ok(id)
}

fn main() {}
