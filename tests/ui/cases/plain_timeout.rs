use resilience_runtime::{circuit, timeout};

#[timeout(5)]
//~ 5 | a timeout cannot stop a function that is not async: in an `async fn`, await `spawn_blocking(move || ..)`, and hold a slot of `Bulkhead::acquire_owned` in the closure, which runs on after the timeout
#[circuit(name = "a")]
fn f() -> std::io::Result<String> {
    std::fs::read_to_string("a")
}

fn main() {}
