use resilience_runtime::retry;

#[retry(cost = |_| todo!())]
//~ cost | `cost` needs `budget = ..` beside it: nothing is paid otherwise
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
