//! What the machine is told about a call, and what it comes to.

use std::time::Duration;

use crate::base::clock::Tick;
use crate::circuit::core::ticket::Ticket;

/// A call that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    pub(crate) ticket: Ticket,
    /// The call is the first trial after a cooldown.
    pub(crate) half_opened: bool,
    /// Slots that came back because their trials had not ended in time.
    pub(crate) expired: u32,
    /// The circuit is a shadow; otherwise it would have rejected the call for so many nanoseconds.
    pub(crate) shadowed: Option<u64>,
}

impl Admission {
    /// An admission that changes nothing.
    #[inline]
    pub(crate) const fn of(ticket: Ticket) -> Self {
        Self { ticket, half_opened: false, expired: 0, shadowed: None }
    }
}

/// What a verdict did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The call began in another generation, or the circuit is disabled.
    Stale,
    /// Counted, and the state stays.
    Counted,
    /// The success of a trial closed the circuit.
    Closed,
    /// The verdict opened the circuit.
    Opened { reason: &'static str, failures: u64 },
}

/// What there is to know about the end of a call.
pub(crate) struct End<N> {
    /// Reads the clock; not every decision has to.
    pub(crate) now: N,
    /// It took as long as a slow call, or longer.
    pub(crate) slow: bool,
    /// How long the service asks to be left alone.
    pub(crate) retry_after: Option<Duration>,
    /// The successes of the period that came before.
    pub(crate) successes: u64,
}

impl<N: Fn() -> Tick> End<N> {
    pub(crate) fn now(&self) -> Tick {
        (self.now)()
    }
}
