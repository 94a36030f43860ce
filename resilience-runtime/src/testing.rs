//! Provides isolated tests, assertions and faults, for tests of decorated functions.
//!
//! The guide [Testing your code](crate::guide::testing_your_code) contains recipes for the functions of this module.
//! The attribute [`#[resilience_runtime::test]`](macro@crate::test) declares an isolated test. The feature `test-util`
//! provides this module.

mod asserts;
mod clock;
mod describe;
mod faults;
mod isolated;

pub use self::asserts::{__Expected, __assert_circuit, __expect_events, events};
pub use self::clock::{HeldClock, hold_clock, no_delays};
pub use self::describe::{__assert_stack, LayerDescription, Stack, describe};
pub use self::faults::{FaultGuard, fail_next, hang, latency, panic, script};
pub use self::isolated::{Handle, HandleGuard, handle, isolated};

use std::future::Future;

use crate::base::pauses;
use crate::base::random::Seeded;
use crate::configure::configure::reset_configuration;
use crate::events::record::Recorder;
use crate::fault::faults::Faults;
use crate::registry::stats::reset_all;

/// Resets all layers, and removes all faults and all recorded events. Also undoes all changes of settings at run time,
/// and ends the effect of [`no_delays`].
///
/// Inside an isolated test, this function affects only this test. Outside an isolated test, this function affects all
/// code that is not in an isolated test. As with [`reset_all`], the totals of the statistics remain unchanged, and a
/// running call keeps its slot of a bulkhead. A guard of a removed fault has no further effect.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{assert_circuit, circuit, testing};
///
/// #[circuit(name = "reset_everything_example", threshold = 1)]
/// async fn ask() -> std::io::Result<()> {
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// testing::isolated(async {
///     assert!(ask().await.is_err());
///     testing::reset_everything();
///     assert_circuit!("reset_everything_example", Closed);
///     assert!(testing::events().is_empty());
/// })
/// .await;
/// # }
/// ```
pub fn reset_everything() {
    Faults::current().clear();
    pauses::leave_out(false);
    reset_configuration();
    reset_all();
    if let Some(recorder) = Recorder::current() {
        recorder.clear();
    }
}

/// Runs the body of a `#[resilience_runtime::test]`.
#[doc(hidden)]
#[track_caller]
pub fn __run<F: Future>(is_paused: bool, seed: u64, body: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(is_paused).build();
    let runtime = runtime.unwrap_or_else(|error| panic!("the runtime of the test did not start: {error}"));
    runtime.block_on(isolated(async {
        self::seed(seed);
        body.await
    }))
}

/// Sets the seed of the library's random numbers in the isolated test. For example, the jitter of a retry uses these
/// numbers. Default: 0.
///
/// # Panics
///
/// Panics outside an isolated test.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{Jitter, RetryPolicy, testing};
/// use tokio::time::Instant;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// testing::isolated(async {
///     let policy = RetryPolicy::builder().jitter(Jitter::Full).build().unwrap();
///     let mut took = Vec::new();
///     for _ in 0..2 {
///         testing::seed(7);
///         let begin = Instant::now();
///         policy.call(|| async { Err::<(), _>("down") }).await.unwrap_err();
///         took.push(begin.elapsed());
///     }
///     assert_eq!(took[0], took[1]);
/// })
/// .await;
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn seed(seed: u64) {
    isolated::current("seed()");
    Seeded::of_test().begin(seed);
}
