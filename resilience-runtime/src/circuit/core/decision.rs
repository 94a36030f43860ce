//! The input and the output of the machine.

use std::time::Duration;

use crate::circuit::core::ticket::Ticket;
use crate::circuit::core::wait::Wait;

/// The admission of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    pub(crate) ticket: Ticket,
    /// The call is the first trial after a cooldown.
    pub(crate) half_opened: bool,
    /// The number of slots that are free again, because their trials did not end in time.
    pub(crate) expired: u32,
    /// The wait that a rejection would report without the option `shadow`.
    pub(crate) shadowed: Option<Wait>,
}

impl Admission {
    /// Creates an admission that changes no state.
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
    /// The outcome was counted, and the state is unchanged.
    Counted,
    /// The success of a trial closed the circuit.
    Closed,
    /// The outcome opened the circuit.
    Opened { reason: &'static str, failures: u64 },
}

/// The facts about the end of a call that the machine needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// Whether the call took as long as a slow call, or longer.
    pub(crate) slow: bool,
    /// The delay that the service asked for.
    pub(crate) retry_after: Option<Duration>,
    /// The number of successes in this period before the call ended.
    pub(crate) successes: u64,
}
