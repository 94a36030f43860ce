use resilience_runtime::retry;

#[retry(clone = request)]
//~ clone | expected a list: write `clone(..)`
async fn f(request: String) -> std::io::Result<()> {
    drop(request);
    Ok(())
}

fn main() {}
