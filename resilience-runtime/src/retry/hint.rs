//! Defines [`Hint`], the delay that an error asks for before the next attempt.

use std::time::Duration;

/// The longest delay that an error may ask for if the retry has no `max_delay`. A longer delay ends the retry. If the
/// option `retry_after` of a circuit returned the delay, the limit is the longer of one hour and the circuit's
/// `max_cooldown`.
pub(super) const LONGEST_HINT: Duration = Duration::from_secs(60 * 60);

/// A delay that an error asks for, such as the time in an HTTP header `Retry-After`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hint {
    pub(super) delay: Duration,
    /// The upper limit of `delay` if the retry has no `max_delay`. A longer delay ends the retry.
    pub(super) longest: Duration,
}
