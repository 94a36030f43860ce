//! Passes a message from a circuit to the retry around the circuit. The message tells for how long the circuit will
//! reject calls.
//!
//! If the pause of a retry would end while the circuit still rejects calls, the retry makes no further attempt. The
//! message is stored in a thread-local variable. The retry therefore needs neither the type of the error nor a list of
//! the circuits in the body of the retry.

use std::cell::Cell;
use std::time::Duration;

/// A message from a circuit to the retry around the circuit. The circuit rejected a call, or recorded a failure and now
/// rejects further calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StillOpen {
    /// The time until the circuit may admit a call. If a circuit records a failure while the circuit is forced open,
    /// the time is `Duration::MAX`.
    pub(crate) wait: Duration,
    /// True if the circuit rejected a call, and false if the circuit recorded a failure.
    pub(crate) by_rejection: bool,
}

thread_local! {
    /// The newest message from a circuit to the retry around the circuit. A retry sets this variable to `None` before
    /// each poll of the retry's body. A circuit that still admits calls after a failure also sets this variable to
    /// `None`.
    static LAST: Cell<Option<StillOpen>> = const { Cell::new(None) };
}

impl StillOpen {
    pub(crate) fn last() -> Option<Self> {
        LAST.get()
    }

    #[inline]
    pub(crate) fn note(last: Option<Self>) {
        LAST.set(last);
    }
}
