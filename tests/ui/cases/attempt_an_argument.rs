use resilience_runtime::retry;

#[retry(attempt = n)]
//~ n | `n` is an argument of this function: choose another name
async fn f(_m: u8, (n, _): (u8, u8)) -> std::io::Result<()> {
    Ok(drop(n))
}

fn main() {}
