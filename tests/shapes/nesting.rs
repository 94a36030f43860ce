//! Tests decorated functions that call each other or themselves. Also tests the future of a decorated function inside
//! another future.

use std::future::Future;
use std::io;
use std::pin::Pin;

use resilience_runtime::{circuit, get_circuit, retry};

#[retry(max = 2, delay = 0)]
#[circuit(name = "nesting::recursive")]
async fn recursive(depth: u32) -> io::Result<u32> {
    if depth == 0 {
        Ok(0)
    } else {
        Ok(1 + Box::pin(recursive(depth - 1)).await?)
    }
}

#[async_recursion::async_recursion]
#[circuit(name = "nesting::async_recursion")]
async fn with_async_recursion(depth: u32) -> io::Result<u32> {
    if depth == 0 {
        Ok(0)
    } else {
        Ok(1 + with_async_recursion(depth - 1).await?)
    }
}

#[circuit(name = "nesting::outer")]
async fn outer(fail: bool) -> io::Result<u32> {
    #[retry(max = 3, delay = 0)]
    #[circuit(name = "nesting::inner", threshold = 9)]
    async fn inner(fail: bool) -> io::Result<u32> {
        if fail {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(1)
        }
    }
    Ok(inner(fail).await? + inner(false).await?)
}

struct Kept<F>(Pin<Box<F>>);

impl<F: Future> Future for Kept<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> std::task::Poll<F::Output> {
        self.0.as_mut().poll(cx)
    }
}

#[tokio::test]
async fn recursive_and_nested_functions_work() {
    assert_eq!(recursive(5).await.unwrap(), 5);
    assert_eq!(with_async_recursion(5).await.unwrap(), 5);
    assert_eq!(get_circuit("nesting::async_recursion").unwrap().stats().successes, 6);
    assert_eq!(outer(false).await.unwrap(), 2);
    assert!(outer(true).await.is_err());
    assert_eq!(get_circuit("nesting::inner").unwrap().stats().total_failed, 3);
    assert_eq!(get_circuit("nesting::outer").unwrap().stats().total_failed, 1);
}

#[tokio::test]
async fn decorated_futures_work_in_other_futures() {
    let (left, right) = tokio::join!(recursive(1), outer(false));
    assert_eq!((left.unwrap(), right.unwrap()), (1, 2));
    let first = tokio::select! {
        biased;
        answer = recursive(2) => answer,
        answer = outer(false) => answer,
    };
    assert_eq!(first.unwrap(), 2);
    assert_eq!(Kept(Box::pin(recursive(3))).await.unwrap(), 3);
    assert_eq!(tokio::spawn(recursive(4)).await.unwrap().unwrap(), 4);
    let boxed: Pin<Box<dyn Future<Output = io::Result<u32>> + Send>> = Box::pin(outer(false));
    assert_eq!(boxed.await.unwrap(), 2);
}

/// Declares functions with two attributes. Each function awaits the next function.
macro_rules! chain {
    ($name:ident: $circuit:literal, $($rest:tt)+) => {
        #[retry(max = 2, delay = 0)]
        #[circuit(name = $circuit)]
        async fn $name(depth: u32) -> io::Result<u32> {
            chain! { @call depth, $($rest)+ }
        }

        chain! { $($rest)+ }
    };
    ($name:ident: $circuit:literal) => {
        #[retry(max = 2, delay = 0)]
        #[circuit(name = $circuit)]
        async fn $name(depth: u32) -> io::Result<u32> {
            tokio::task::yield_now().await;
            Ok(depth + 1)
        }
    };
    (@call $depth:ident, $next:ident: $($rest:tt)+) => { $next($depth + 1).await };
}

chain! {
    chain1: "nesting::1", chain2: "nesting::2", chain3: "nesting::3", chain4: "nesting::4", chain5: "nesting::5",
    chain6: "nesting::6", chain7: "nesting::7", chain8: "nesting::8", chain9: "nesting::9", chain10: "nesting::10",
    chain11: "nesting::11", chain12: "nesting::12"
}

/// The compiler must prove within its default recursion limit that the future of the chain is `Send`.
#[tokio::test]
async fn chain_of_functions_with_two_attributes_can_be_spawned() {
    assert_eq!(tokio::spawn(chain1(0)).await.unwrap().unwrap(), 12);
}
