use resilience_runtime::circuit;

#[circuit(name = "a")]
async fn f() {}
//~ f | this function must return a `Result`: what fails is told by `Err`

fn main() {}
