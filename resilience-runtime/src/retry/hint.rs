//! Defines [`Hint`], a delay that an error asks for.

use std::time::Duration;

/// The longest delay that an error may ask for, if the retry does not set the option `max_delay`. If the function
/// `retry_after` of a circuit returns the delay, the limit is at least the circuit's `max_cooldown`.
pub(super) const LONGEST_HINT: Duration = Duration::from_secs(60 * 60);

/// A delay that an error asks for, such as the time in an HTTP header `Retry-After`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hint {
    pub(super) delay: Duration,
    /// The upper limit of `delay`, if the option `max_delay` of the retry is not set. If `delay` is longer than this
    /// limit, the retry ends.
    pub(super) longest: Duration,
}
