use resilience_runtime::circuit;

#[circuit(name = "a", crate = "resilience")]
//~ "resilience" | `crate` must be a path, such as `::my_crate::resilience`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
