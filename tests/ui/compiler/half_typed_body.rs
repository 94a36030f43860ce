use resilience_runtime::circuit;

#[circuit(name = "a")]
async fn f(text: &str) -> std::io::Result<()> {
//~ { | mismatched types
//~    expected enum `Result<(), std::io::Error>` found unit type `()`
    let length = text.
    Ok(())
    //~ Ok | no method named `Ok` found for reference `&str` in the current scope
    //~ | expected `;`, found `}`
    //~ | expected `;`, found `}`
}

fn main() {}
