//! Skips the pauses of retries in a test.

use std::time::Duration;

#[cfg(feature = "test-util")]
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(feature = "test-util")]
use crate::base::scope::scoped;

/// Returns `pause`, or zero if the test skips the pauses.
#[inline]
pub(crate) fn time_to_sleep(pause: Duration) -> Duration {
    #[cfg(feature = "test-util")]
    if left_out().load(Ordering::Relaxed) {
        return Duration::ZERO;
    }
    pause
}

/// Sets whether the retries of the program, or of the current isolated test, skip their pauses.
#[cfg(feature = "test-util")]
pub(crate) fn leave_out(pauses: bool) {
    left_out().store(pauses, Ordering::Relaxed);
}

#[cfg(feature = "test-util")]
fn left_out() -> &'static AtomicBool {
    static LEFT_OUT: AtomicBool = AtomicBool::new(false);
    scoped(&LEFT_OUT, AtomicBool::default)
}
