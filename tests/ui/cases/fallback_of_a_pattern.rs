use resilience_runtime::fallback;

#[fallback(g)]
async fn f((x, _): (u8, u8), _: u8) -> std::io::Result<()> {
//~ (x, _) | the fallback is called with this argument: bind it to a name, and take it apart in the body
//~ _ | the fallback is called with this argument: bind it to a name, and take it apart in the body
//~ warning: x | unused variable: `x`
    Ok(())
}

async fn g(_: (u8, u8), _: u8) -> std::io::Result<()> {
    Ok(())
}

fn main() {}
