use resilience_runtime::retry;

struct NotClone;

#[retry(clone(value))]
//~ value | the trait bound `NotClone: Clone` is not satisfied
async fn f(value: NotClone) -> std::io::Result<()> {
    drop(value);
    Ok(())
}

fn main() {}
