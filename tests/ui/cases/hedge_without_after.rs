use resilience_runtime::hedge;

#[hedge(max = 2)]
//~ #[hedge(max = 2)] | `#[hedge]` needs a time: write `#[hedge(after = ..)]`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
