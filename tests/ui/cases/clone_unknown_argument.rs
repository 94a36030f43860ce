use resilience_runtime::retry;

#[retry(clone(reqest))]
//~ reqest | `reqest` is not an argument of this function; did you mean `request`?
async fn f(request: String) -> std::io::Result<()> {
    drop(request);
    Ok(())
}

fn main() {}
