use resilience_runtime::circuit;

#[circuit(name = "a", half_open_max = 0)]
//~ 0 | `half_open_max` must be a whole number from 1 to 4294967295
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
