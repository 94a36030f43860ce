use resilience_runtime::fallback;

#[fallback(value = text)]
//~ text | use of moved value: `text`
//~    consider cloning the value if the performance cost is acceptable
async fn f0(text: String) -> std::io::Result<String> {
    drop(text);
    Ok(String::new())
}

#[fallback(|_| Ok(text.len()))]
//~ |_| | borrow of moved value: `text`
//~    consider cloning the value if the performance cost is acceptable
async fn f1(mut text: String) -> std::io::Result<usize> {
    text.push('!');
    drop(text);
    Ok(0)
}

fn main() {}
