use resilience_runtime::circuit;

#[circuit(name = "a")]
struct Struct;
//~ struct | put this on an `async fn`

fn main() {}
