use resilience_runtime::{circuit, retry};

use std::future::Future;
use std::pin::Pin;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

trait Send_ {
    fn send(&self) -> BoxFuture<'_, std::io::Result<()>>;
    fn receive(&self) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + Send + '_>>;
}

struct Outer(Box<dyn Send_ + Send + Sync>);

impl Send_ for Outer {
    #[circuit(name = "a")]
    fn send(&self) -> BoxFuture<'_, std::io::Result<()>> {
    //~ fn | this function hands on the future of another: end it with `Box::pin(async move { other(..).await })`
        self.0.send()
    }

    #[retry]
    fn receive(&self) -> Pin<Box<dyn Future<Output = std::io::Result<()>> + Send + '_>> {
    //~ fn | this function hands on the future of another: end it with `Box::pin(async move { other(..).await })`
        let inner = &self.0;
        inner.receive()
    }
}

impl Outer {
    #[retry]
    fn later(&self) -> BoxFuture<'_, std::io::Result<()>> {
    //~ fn | this function does not end with its future: write `async fn`, or end it with `Box::pin(async move { .. })`
        let future = Box::pin(async move { self.0.send().await });
        future
    }
}

#[circuit(name = "d")]
fn opaque(calls: u32) -> impl Future<Output = std::io::Result<u32>> {
//~ fn | this function hands on the future of another: end it with `async move { other(..).await }`
    std::future::ready(Ok(calls))
}

fn main() {}
