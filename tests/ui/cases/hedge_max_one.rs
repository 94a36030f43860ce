use resilience_runtime::hedge;

#[hedge(after = 1, max = 1)]
//~ 1 | `max` must be a whole number from 2 to 5
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
