struct Suite;

#[resilience_runtime::test]
async fn with_an_argument(name: &str, _: u32) {
//~ name | a test takes no arguments: bind them in its body
    assert!(!name.is_empty());
}

impl Suite {
    #[resilience_runtime::test]
    async fn with_self(&self) {}
    //~ & | a test takes no arguments: bind them in its body
}

fn main() {}
