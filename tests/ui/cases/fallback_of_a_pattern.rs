use resilience_runtime::fallback;

#[fallback(g)]
async fn f((x, _): (u8, u8), _: u8) -> std::io::Result<()> {
//~ (x, _) | the fallback is called with this argument: write a name such as `pair` here, and `let (x, _) = pair;` in the body
//~ _ | the fallback is called with this argument: write a name in place of `_`
//~ warning: x | unused variable: `x`
    Ok(())
}

async fn g(_: (u8, u8), _: u8) -> std::io::Result<()> {
    Ok(())
}

fn main() {}
