//! A note on this thread that a circuit stays open, for the retry around it.
//!
//! With the note, a retry knows that a pause is useless. It needs neither the type of the error nor a list of the
//! circuits below.

use std::cell::Cell;
use std::time::Duration;

/// A note: the circuit rejected a call, or recorded a failure while open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StillOpen {
    /// The time until the circuit may admit a call.
    pub(crate) wait: Duration,
    pub(crate) by_rejection: bool,
}

thread_local! {
    /// The note of the circuit that made the last decision during the current poll of a retry's body.
    static LAST: Cell<Option<StillOpen>> = const { Cell::new(None) };
}

impl StillOpen {
    pub(crate) fn last() -> Option<Self> {
        LAST.get()
    }

    /// Replaces the note. If the circuit admits calls, its failure leaves no note.
    #[inline]
    pub(crate) fn note(last: Option<Self>) {
        LAST.set(last);
    }
}
