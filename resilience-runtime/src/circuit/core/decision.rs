//! Defines the data that the state machine of a breaker receives and returns.

use std::time::Duration;

use crate::circuit::core::ticket::Ticket;
use crate::circuit::core::transitions::Cause;
use crate::circuit::core::wait::Wait;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    pub(crate) ticket: Ticket,
    /// Whether the call is the first trial call after a cooldown. The first trial call makes the circuit half-open.
    pub(crate) half_opened: bool,
    /// The number of unfinished trial calls that exceeded `trial_timeout`, and therefore no longer block new trial
    /// calls.
    pub(crate) expired: u32,
    /// The rejection that the option `shadow` turned into this admission, or `None` if there was no rejection.
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
    /// The outcome does not affect the circuit, because the state changed during the call, or the circuit is disabled.
    Stale,
    /// The outcome was counted, and the state is unchanged.
    Counted,
    /// The success of a trial call closed the circuit.
    Closed,
    /// The outcome opened the circuit.
    Opened { cause: Cause, failures: u64 },
}

/// The data that the state machine needs about a finished call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// Whether the call lasted for the time `slow_call` or longer.
    pub(crate) slow: bool,
    /// The delay that the service asked for, or `None` if the service asked for no delay.
    pub(crate) retry_after: Option<Duration>,
    /// The number of successes since the circuit last closed or was reset, without this call. The number is zero if the
    /// circuit has no window of recent calls.
    pub(crate) successes: u64,
}
