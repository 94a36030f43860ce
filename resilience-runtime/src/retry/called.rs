//! Defines [`Called`], which finds out whether an attempt called a circuit that stays open.

use std::time::Duration;

use crate::base::still_open::StillOpen;
use crate::circuit::breaker::CircuitBreaker;
use crate::retry::nested::Inside;

/// Identifies the messages that circuits left for retries on this thread during the last poll of an attempt. A circuit
/// leaves a message when it rejects a call, or when it is open after a failure. The message contains the time for which
/// the circuit will reject calls.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    /// The number of messages that circuits had left for retries on this thread before the poll.
    messages: u16,
    /// Whether the retry ignores a message of a circuit that only rejected calls during the poll. This field does not
    /// affect the messages of a circuit that recorded a failure during the poll.
    ignores_rejections: bool,
}

impl Called {
    /// Returns a `Called` for the last poll of the body, or `None` if no circuit announced a wait to retries during
    /// this poll. `hides_causes` is true if the error type of the attempt prevents a search of the error's sources.
    #[inline]
    pub(super) fn by(inside: &Inside, hides_causes: bool) -> Option<Self> {
        // At this point, the retry has found no rejection by a circuit in the error. If the error type allows a search
        // of the error's sources, the body has handled every rejection. The retry then ignores the messages of circuits
        // that only rejected calls.
        inside.has_message().then_some(Self { messages: inside.messages(), ignores_rejections: !hides_causes })
    }

    /// Returns the time in nanoseconds for which the circuit that most recently announced a wait to retries will still
    /// reject calls after the pause. Ignores the circuits in `circuits` and `own`, which are attributes of the retried
    /// function.
    #[cold]
    #[inline(never)]
    pub(super) fn excess(self, pause: Duration, circuits: &[&CircuitBreaker], own: &[&CircuitBreaker]) -> u64 {
        let is_own = |address| circuits.iter().chain(own).any(|circuit| circuit.address() == address);
        let open = StillOpen::newest(self.messages, is_own).filter(|open| open.has_failed || !self.ignores_rejections);
        open.map_or(0, |open| open.excess(pause))
    }
}
