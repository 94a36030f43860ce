use resilience_runtime::hedge;

#[hedge(after = 1)]
async fn f(x: &mut u8, mut y: u8, _z: &mut u8) -> std::io::Result<()> {
//~ x | the attempts of a hedge run at the same time and share this, so that it cannot be changed: list it in `clone(..)`, or share what can be
//~ y | the attempts of a hedge run at the same time and share this, so that it cannot be changed: list it in `clone(..)`, or share what can be
    *x += 1;
    y += *x;
    assert_eq!(y, 1);
    Ok(())
}

fn main() {}
