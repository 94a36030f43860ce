use resilience_runtime::{hedge, retry};

#[retry]
#[hedge(after = 1)]
//~ 1 | a hedge cannot start a second attempt while a function that is not async blocks the thread: in an `async fn`, await `spawn_blocking(move || ..)`, and hold a slot of `Bulkhead::acquire_owned` in the closure, which runs on after the hedge
fn f() -> std::io::Result<String> {
    std::fs::read_to_string("a")
}

fn main() {}
