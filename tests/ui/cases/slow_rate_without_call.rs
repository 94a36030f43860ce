use resilience_runtime::circuit;

#[circuit(name = "a", slow_rate = 0.5, window = 10, min_calls = 5)]
//~ slow_rate | `slow_rate` needs `slow_call = ..` beside it
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
