use std::future::Future;
use std::io;
use std::pin::Pin;

use resilience_runtime::{bulkhead, circuit, retry};

type Answer<'a> = Pin<Box<dyn Future<Output = io::Result<u32>> + Send + 'a>>;

fn ask(number: &u32) -> Answer<'_> {
    Box::pin(async move { Ok(*number) })
}

#[retry]
fn retried(number: &u32) -> Answer<'_> {
//~ Answer | a decorated function must return a `Result`, not `Pin<Box<dyn Future<Output = Result<u32, std::io::Error>> + Send>>`
//~    what failed is told from what did not by `Err`: return `Result<Pin<Box<dyn Future<Output = Result<u32, std::io::Error>> + Send>>, SomeError>`
//~    if it is a future, write `async fn`, or end the function with `Box::pin(async move { other(..).await })`
    ask(number)
}

#[circuit(name = "a")]
fn counted(number: &u32) -> Answer<'_> {
//~ Answer | a decorated function must return a `Result`, not `Pin<Box<dyn Future<Output = Result<u32, std::io::Error>> + Send>>`
//~    what failed is told from what did not by `Err`: return `Result<Pin<Box<dyn Future<Output = Result<u32, std::io::Error>> + Send>>, SomeError>`
//~    if it is a future, write `async fn`, or end the function with `Box::pin(async move { other(..).await })`
    let answer = ask(number);
    answer
}

#[bulkhead(max = 1)]
fn limited(number: &u32) -> Answer<'_> {
//~ Answer | a decorated function must return a `Result`, not `Pin<Box<dyn Future<Output = Result<u32, std::io::Error>> + Send>>`
//~    what failed is told from what did not by `Err`: return `Result<Pin<Box<dyn Future<Output = Result<u32, std::io::Error>> + Send>>, SomeError>`
//~    if it is a future, write `async fn`, or end the function with `Box::pin(async move { other(..).await })`
    ask(number)
}

/// This function ends with its future.
#[circuit(name = "b")]
fn compiles(number: &u32) -> Answer<'_> {
    Box::pin(async move { Ok(*number) })
}

fn main() {
    let _ = (retried, counted, limited, compiles);
}
