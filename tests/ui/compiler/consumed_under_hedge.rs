use resilience_runtime::hedge;

#[hedge(after = 1)]
async fn f(text: String) -> std::io::Result<()> {
//~ { | cannot move out of `text`, a captured variable in an `Fn` closure
//~    write `clone(argument)` in `#[hedge]` for an argument that the body consumes
//~    consider cloning the value if the performance cost is acceptable
    drop(text);
    Ok(())
}

fn main() {}
