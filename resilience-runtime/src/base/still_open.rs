//! Passes the remaining wait of a circuit to the retry around it, in a thread-local variable.
//!
//! A retry makes no further attempt if its pause would end before the circuit admits calls again. The variable shows
//! this wait to the retry. The retry therefore needs neither the type of the error nor a list of the circuits in its
//! body.

use std::cell::Cell;
use std::time::Duration;

/// States that a circuit rejected a call, or that it recorded a failure and is open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StillOpen {
    /// The time until the circuit may admit a call. It is `Duration::MAX` after a failure of a circuit that was forced
    /// open.
    pub(crate) wait: Duration,
    /// Whether the circuit rejected the call. If false, the circuit recorded a failure.
    pub(crate) by_rejection: bool,
}

thread_local! {
    /// The value that a circuit stored last in the current poll of a retry's body. `None` if no circuit stored a value,
    /// or if the circuit admits calls.
    static LAST: Cell<Option<StillOpen>> = const { Cell::new(None) };
}

impl StillOpen {
    pub(crate) fn last() -> Option<Self> {
        LAST.get()
    }

    /// Replaces the stored value. A circuit passes `None` if it still admits calls after a failure. A retry passes
    /// `None` before each poll of its body.
    #[inline]
    pub(crate) fn note(last: Option<Self>) {
        LAST.set(last);
    }
}
