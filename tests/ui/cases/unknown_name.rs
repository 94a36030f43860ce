use resilience_runtime::circuit;

#[circuit(name = "a")]
async fn f() -> std::io::Result<()> {
    undefined()
    //~ undefined | cannot find function `undefined` in this scope
}

fn main() {}
