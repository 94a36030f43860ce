//! Defines the data that the state machine of a breaker receives and returns.

use std::time::Duration;

use crate::circuit::core::ticket::Ticket;
use crate::circuit::core::wait::Wait;

/// The decision to admit a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    pub(crate) ticket: Ticket,
    /// Whether the call is the first trial after a cooldown, which makes the circuit half-open.
    pub(crate) half_opened: bool,
    /// The number of earlier trials that lost their slots, because they did not end within `trial_timeout`.
    pub(crate) expired: u32,
    /// The wait of the rejection, if the option `shadow` turned a rejection into this admission.
    pub(crate) shadowed: Option<Wait>,
}

impl Admission {
    /// Creates an admission for which no event is emitted.
    #[inline]
    pub(crate) const fn of(ticket: Ticket) -> Self {
        Self { ticket, half_opened: false, expired: 0, shadowed: None }
    }
}

/// The effect of an outcome on the circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The outcome does not affect the circuit. The call started before the last state change, or the circuit is
    /// disabled.
    Stale,
    /// The outcome was counted, and the state is unchanged.
    Counted,
    /// The success of a trial closed the circuit.
    Closed,
    /// The outcome opened the circuit.
    Opened { reason: &'static str, failures: u64 },
}

/// The data about the end of a call that the state machine needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// Whether the call took as long as `slow_call`, or longer.
    pub(crate) slow: bool,
    /// The delay that the service asked for, if any.
    pub(crate) retry_after: Option<Duration>,
    /// The number of successes since the circuit last closed or was reset, before this call ended. Zero if the rule has
    /// no window.
    pub(crate) successes: u64,
}
