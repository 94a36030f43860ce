//! Tests the test kit: isolated tests, assertions and faults. The command `cargo test --features test-util --test
//! testing` runs these tests.

#![allow(clippy::unused_async)] // Some `async` functions of the tests contain no `.await`.

mod asserts;
mod attribute;
mod budgets;
mod clock;
mod describe;
mod faults;
mod isolation;
mod jitter;
mod joining;
mod nesting;
mod reset;
mod scripts;
mod server;
mod shapes;
mod twenty;

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use resilience_runtime::{circuit, retry};
use support::seconds;

const SECOND: std::time::Duration = seconds(1);

fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

#[retry(name = "kit_retry", max = 2, delay = 1, jitter = "full")]
#[circuit(name = "kit", threshold = 3, cooldown = 30)]
async fn ask() -> io::Result<u32> {
    Ok(7)
}

/// Returns the message with which a function panics.
fn panic_of(f: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).expect_err("the function panics");
    panic.downcast::<String>().map_or_else(|panic| (*panic.downcast_ref::<&str>().unwrap()).to_owned(), |text| *text)
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
