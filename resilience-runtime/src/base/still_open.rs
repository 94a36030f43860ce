//! Passes a message from a circuit to the retry around the circuit. The message tells for how long the circuit will
//! reject calls.
//!
//! If the pause of a retry would end while the circuit still rejects calls, the retry makes no further attempt. A
//! thread-local variable stores the message. The retry can therefore read the message without knowledge of the error
//! type and of the circuits that its attempts call.

use std::cell::Cell;
use std::time::Duration;

use crate::base::existing::count_message;

/// A message from a circuit to the retry around the circuit. A circuit leaves this message when it rejects a call. A
/// circuit also leaves this message when it has recorded a failure and will reject the next call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StillOpen {
    /// The time until the circuit may admit a call. If the circuit is forced open, the time is `Duration::MAX`.
    pub(crate) wait: Duration,
    /// True if the circuit rejected a call, and false if the circuit recorded a failure.
    pub(crate) by_rejection: bool,
}

thread_local! {
    static LAST: Cell<Option<StillOpen>> = const { Cell::new(None) };
}

impl StillOpen {
    pub(crate) fn last() -> Option<Self> {
        LAST.get()
    }

    /// Stores this message, and counts it. A retry compares the count before and after a poll of an attempt. If the
    /// count is unchanged, the stored message is older than the poll, and the retry ignores the message.
    pub(crate) fn leave(self) {
        LAST.set(Some(self));
        count_message();
    }

    pub(crate) fn clear() {
        LAST.set(None);
    }
}
