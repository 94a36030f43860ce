use resilience_runtime::circuit;

#[circuit(name = "a")]
async extern "C" fn f() -> std::io::Result<()> {
//~ extern | an `extern` function cannot be decorated
    Ok(())
}

fn main() {}
