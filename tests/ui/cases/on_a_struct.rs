use resilience_runtime::circuit;

#[circuit(name = "a")]
struct Struct;
//~ struct | put this on a function

fn main() {}
