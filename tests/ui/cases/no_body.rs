use resilience_runtime::circuit;

trait Search {
    #[circuit(name = "a")]
    async fn f(&self) -> std::io::Result<()>;
    //~ f | this method has no body: put this on its implementations
}

fn main() {}
