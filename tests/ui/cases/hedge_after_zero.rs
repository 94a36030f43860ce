use resilience_runtime::hedge;

#[hedge(after = 0)]
//~ 0 | `after` must be longer than zero
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
