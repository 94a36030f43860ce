//! Implements the quota of a service: the number of tokens that the service still admits until it resets this number. A
//! service can report its quota in the headers of a response, for example.

use std::time::Duration;

use crate::base::clock::{SKEW, Tick};
#[cfg(feature = "serde")]
use crate::rate_limit::kept::KeptQuota;

/// The number of tokens that a service still admits, and the time at which the service resets this number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    remaining: u32,
    until: Tick,
}

/// The longest time until a reset that [`RateLimit::update`](crate::RateLimit::update) accepts. Without this limit, a
/// wrong header could stop all calls for ever.
pub(crate) const LONGEST_RESET: Duration = Duration::from_secs(86_400);

impl Quota {
    pub(crate) fn new(remaining: u32, reset: Duration, now: Tick) -> Self {
        Self { remaining, until: now.after(reset.min(LONGEST_RESET)) }
    }

    /// Returns a quota that admits a call only if both quotas admit the call.
    pub(crate) fn stricter(self, other: Self) -> Self {
        Self { remaining: self.remaining.min(other.remaining), until: self.until.max(other.until) }
    }

    /// Returns the time until the service refills the tokens. The time is zero if the service has already refilled the
    /// tokens. A reset time from another clock, such as the paused clock of another test, counts as past.
    pub(crate) fn left(self, now: Tick) -> Duration {
        let left = self.until.since(now);
        if left > LONGEST_RESET + SKEW { Duration::ZERO } else { left }
    }

    #[cfg(feature = "serde")]
    pub(crate) fn keep(self, now: Tick) -> KeptQuota {
        KeptQuota { remaining: self.remaining, reset_in: self.left(now) }
    }

    /// Returns whether the service still admits `tokens` tokens.
    pub(crate) fn admits(self, tokens: u64) -> bool {
        tokens <= u64::from(self.remaining)
    }

    pub(crate) fn take(&mut self, tokens: u32) {
        self.remaining = self.remaining.saturating_sub(tokens);
    }
}
