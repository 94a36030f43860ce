//! Input and output of the machine.

use std::time::Duration;

use crate::circuit::core::ticket::Ticket;
use crate::circuit::core::wait::Wait;

/// A call that passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    pub(crate) ticket: Ticket,
    /// The call is the first trial after a cooldown.
    pub(crate) half_opened: bool,
    /// Slots that came back because their trials had not ended in time.
    pub(crate) expired: u32,
    /// The wait of the rejection if the circuit were no shadow.
    pub(crate) shadowed: Option<Wait>,
}

impl Admission {
    /// An admission that changes nothing.
    #[inline]
    pub(crate) const fn of(ticket: Ticket) -> Self {
        Self { ticket, half_opened: false, expired: 0, shadowed: None }
    }
}

/// The effect of an outcome on the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The call started in another generation, or the circuit is disabled.
    Stale,
    /// Counted, and the state stays.
    Counted,
    /// The success of a trial closed the circuit.
    Closed,
    /// The outcome opened the circuit.
    Opened { reason: &'static str, failures: u64 },
}

/// The end of a call, as far as the machine has to know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// The call took as long as a slow call, or longer.
    pub(crate) slow: bool,
    /// The delay that the service asked for.
    pub(crate) retry_after: Option<Duration>,
    /// The successes of the period before this end.
    pub(crate) successes: u64,
}
