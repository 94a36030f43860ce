use resilience_runtime::retry;

#[retry]
async fn f() -> std::io::Result<u32> {
    Ok("seven")
    //~ "seven" | mismatched types
}

fn main() {}
