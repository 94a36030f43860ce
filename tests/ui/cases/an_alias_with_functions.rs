use resilience_runtime::{bulkhead, circuit, fallback, hedge, rate_limit, retry, timeout};

type Page = u32;
type Found = Option<u32>;
type Unnamed = std::pin::Pin<Box<dyn Future<Output = Page>>>;

#[circuit(name = "open", error = |open| std::io::Error::from(open))]
async fn open() -> Page {
//~ Page | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
    7
}

#[circuit(name = "judged", failure_if = |error| fails(error), failure_if_ok = |ok| *ok > 0, retry_after = |_| None)]
async fn judged() -> Page {
//~ Page | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
    7
}

#[timeout(5, error = |late| std::io::Error::from(late))]
async fn late() -> Found {
//~ Found | a decorated function must return a `Result`, not `Option<u32>`
//~    what failed is told from what did not by `Err`: return `Result<Option<u32>, SomeError>`
    Some(7)
}

#[bulkhead(max = 5, wait = 1, error = |full| std::io::Error::from(full))]
async fn full() -> Page {
//~ Page | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
    7
}

#[rate_limit(per_second = 5, error = std::io::Error::from)]
async fn limited() -> Page {
//~ Page | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
    7
}

#[retry(retry_if = |error| fails(error))]
#[circuit(name = "retried", error = |open| std::io::Error::from(open))]
async fn retried() -> Page {
//~ Page | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
    7
}

#[hedge(after = 5)]
async fn hedged() -> Page {
//~ Page | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
    7
}

#[fallback(late)]
async fn replaced() -> Found {
//~ Found | a decorated function must return a `Result`, not `Option<u32>`
//~    what failed is told from what did not by `Err`: return `Result<Option<u32>, SomeError>`
    Some(7)
}

#[timeout(5, error = |late| std::io::Error::from(late))]
fn future() -> impl Future<Output = Page> {
//~ Page | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
    async move { 7 }
}

#[circuit(name = "unnamed", error = |open| std::io::Error::from(open))]
fn unnamed() -> Unnamed {
//~ Unnamed | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
    Box::pin(async move { 7_u32 })
}

fn fails(_: &std::io::Error) -> bool {
    true
}

fn main() {}
