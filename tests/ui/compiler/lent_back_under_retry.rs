use resilience_runtime::retry;

#[retry]
async fn f(text: &mut String) -> std::io::Result<&mut str> {
//~ { | two closures require unique access to `*text` at the same time
    Ok(text.as_mut_str())
}

fn main() {}
