use resilience_runtime::retry;

#[retry]
async fn f() -> (u32, u32) {
//~ (u32, u32) | this must be a `Result`: what fails is told by `Err`
    (7, 7)
}

fn main() {}
