use resilience_runtime::fallback;

struct State<T>(T);

#[fallback(g)]
async fn f((x, _): (u8, u8), _: u8, State(app): State<Vec<&'static str>>) -> std::io::Result<()> {
//~ (x, _) | the fallback is called with this argument: write `x: (u8, u8)`, and `let (x, _) = x;` in the body
//~ State(app) | the fallback is called with this argument: write `app: State<Vec<&'static str>>`, and `let State(app) = app;` in the body
//~ _ | the fallback is called with this argument: write `argument: u8`
//~ warning: app | unused variable: `app`
//~ warning: x | unused variable: `x`
    Ok(())
}

async fn g(_: (u8, u8), _: u8, _: State<Vec<&'static str>>) -> std::io::Result<()> {
    Ok(())
}

fn main() {}
