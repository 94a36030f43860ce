use resilience_runtime::circuit;

#[circuit(name = "a")]
mod inner {}
//~ mod | put this on a function

fn main() {}
