use resilience_runtime::fallback;

#[fallback(instead)]
//~ instead | cannot borrow `*text` as mutable because previous closure requires unique access
async fn f(text: &mut String) -> std::io::Result<&mut str> {
    Ok(text.as_mut_str())
}

async fn instead(text: &mut String) -> std::io::Result<&mut str> {
    Ok(text.as_mut_str())
}

fn main() {}
