//! Tests of the test kit: isolated tests, assertions and faults. The command `cargo test --features test-util --test
//! testing` runs these tests.

mod faults;
mod isolation;
mod shapes;

use std::io;
use std::time::Duration;

use resilience_runtime::{circuit, retry};

const SECOND: Duration = Duration::from_secs(1);

fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

/// A function that all tests of this binary share.
#[retry(name = "kit_retry", max = 2, delay = 1, jitter = "full")]
#[circuit(name = "kit", threshold = 3, cooldown = 30)]
async fn ask() -> io::Result<u32> {
    Ok(7)
}
