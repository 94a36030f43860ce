#[resilience_runtime::test]
struct Suite;
//~ struct | put this on an `async fn` with a body

#[resilience_runtime::test]
mod tests {}
//~ mod | put this on an `async fn` with a body

trait Ask {
    #[resilience_runtime::test]
    async fn ask();
    //~ ; | put this on an `async fn` with a body
}

fn main() {}
