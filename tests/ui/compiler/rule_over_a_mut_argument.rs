use resilience_runtime::circuit;

#[circuit(name = "a", failure_if = |_| text.is_empty())]
//~ |_| | borrow of moved value: `text`
async fn f(mut text: String) -> std::io::Result<()> {
    text.push('!');
    Ok(())
}

fn main() {}
