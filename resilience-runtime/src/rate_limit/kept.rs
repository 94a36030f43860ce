//! Defines [`KeptLimit`], the part of a rate limit's state that a snapshot keeps.

use std::time::Duration;

/// The part of a rate limit's state that a snapshot keeps. A quota of a service is not a part of this state, because
/// only a rate limit that the program creates can have a quota, and a snapshot does not contain such a rate limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptLimit {
    /// The time until the rate limit can admit a whole burst.
    pub(crate) full_in: Duration,
}

impl KeptLimit {
    /// Returns whether a rate limit with this state admits the same calls as a new rate limit.
    pub(crate) fn decides_as_new(&self) -> bool {
        self.full_in.is_zero()
    }

    /// Returns the state of the rate limit after the time `passed`, if no call starts during this time.
    pub(crate) fn after(self, passed: Duration) -> Self {
        Self { full_in: self.full_in.saturating_sub(passed) }
    }
}
