use resilience_runtime::circuit;

#[circuit(name = "a", slow_call = 2, window = 10)]
//~ slow_call | `slow_call` needs `slow_rate = ..` beside it
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
