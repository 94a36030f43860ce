use resilience_runtime::hedge;

#[hedge(after = 1)]
async fn f(text: String) -> std::io::Result<()> {
//~ { | cannot move out of `text`, a captured variable in an `Fn` closure
//~    consider cloning the value if the performance cost is acceptable
//~    write `clone(argument)` in `#[hedge]` for an argument that the body consumes
    drop(text);
    Ok(())
}

fn main() {}
