use resilience_runtime::circuit;

#[circuit(name = "a")]
async fn f(text: ) -> std::io::Result<()> {
//~ ) | expected type, found `)`
//~ ) | unexpected end of input, expected one of: `for`, parentheses, `unsafe`, `fn`, `extern`, identifier, `::`, `<`, `dyn`, square brackets, `*`, `&`, `!`, `impl`, `_`, lifetime
    Ok(())
}

fn main() {}
