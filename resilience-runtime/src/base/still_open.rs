//! The note that a circuit leaves on this thread for the retry around it: the circuit stays open.
//!
//! A retry needs no type of the error, and no list of the circuits below, to know that its pause is in vain.

use std::cell::Cell;
use std::time::Duration;

/// A circuit that rejected a call, or recorded a failure while open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StillOpen {
    /// The time until the circuit may admit a call.
    pub(crate) wait: Duration,
    pub(crate) by_rejection: bool,
}

thread_local! {
    /// The note of the circuit that decided last in the current poll of a retry's body.
    static LAST: Cell<Option<StillOpen>> = const { Cell::new(None) };
}

impl StillOpen {
    pub(crate) fn last() -> Option<Self> {
        LAST.get()
    }

    /// Replaces the note. A failure of a circuit that admits calls leaves none.
    #[inline]
    pub(crate) fn note(last: Option<Self>) {
        LAST.set(last);
    }
}
