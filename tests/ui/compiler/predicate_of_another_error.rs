use resilience_runtime::retry;

fn is_brief(error: &u32) -> bool {
    *error > 3
}

#[retry(retry_if = is_brief)]
//~ is_brief | type mismatch in function arguments
//~    expected function signature `for<'a> fn(&'a std::io::Error) -> _`    found function signature `fn(&u32) -> _`
//~    consider wrapping the function in a closure
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
