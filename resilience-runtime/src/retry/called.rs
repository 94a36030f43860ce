//! Defines [`Called`], which finds out whether an attempt called a circuit that stays open.

use std::time::Duration;

use crate::base::still_open::StillOpen;
use crate::circuit::breaker::CircuitBreaker;
use crate::retry::nested::Inside;

/// Identifies the messages of the circuits that the body of an attempt called during its last poll. A circuit leaves a
/// message when it rejects a call, or when it is open after a failure. The message states for how long the circuit will
/// reject calls.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    /// The number of messages that circuits had left on this thread at the beginning of the poll.
    messages: u16,
    /// Whether the retry ignores the messages about rejections. The retry never ignores a message about a failure.
    ignores_rejections: bool,
}

impl Called {
    /// Returns a `Called` for the last poll of the body, or `None` if no circuit has left a message during this poll.
    /// `hides_causes` states whether the type of the attempt's error hides the cause of a rejection.
    #[inline]
    pub(super) fn by(inside: &Inside, hides_causes: bool) -> Option<Self> {
        // A retry that finds a rejection by a circuit in the error does not call this function. If the type of the
        // error does not hide causes, the body has therefore handled each rejection that it received from a circuit.
        // The retry then ignores the messages about these rejections.
        inside.has_message().then_some(Self { messages: inside.messages(), ignores_rejections: !hides_causes })
    }

    /// Returns whether the circuit that left the newest message will still reject calls after the pause. Leaves out the
    /// messages of the circuits in `circuits` and `own`, which are attributes of the retried function.
    #[cold]
    #[inline(never)]
    pub(super) fn stays_open(self, pause: Duration, circuits: &[&CircuitBreaker], own: &[&CircuitBreaker]) -> bool {
        let is_own = |address| circuits.iter().chain(own).any(|circuit| circuit.address() == address);
        let open = StillOpen::newest(self.messages, is_own);
        open.is_some_and(|open| !(self.ignores_rejections && open.by_rejection) && open.exceeds(pause))
    }
}
