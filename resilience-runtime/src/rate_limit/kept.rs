//! Defines [`KeptLimit`], the part of a rate limit's state that a snapshot keeps.

use std::time::Duration;

/// The part of a rate limit's state that a snapshot keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptLimit {
    /// The time until the rate limit can admit a whole burst.
    pub(crate) full_in: Duration,
    /// The quota that the service has reported, if any.
    pub(crate) quota: Option<KeptQuota>,
}

/// The quota that a service has reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptQuota {
    /// The number of tokens that calls may still take before the service grants new tokens.
    pub(crate) remaining: u32,
    /// The time until the reset, when the service grants new tokens.
    pub(crate) reset_in: Duration,
}

impl KeptLimit {
    /// Returns whether a rate limit with this state admits the same calls as a new rate limit.
    pub(crate) fn decides_as_new(&self) -> bool {
        self.full_in.is_zero() && self.quota.is_none()
    }

    /// Returns the state of the rate limit after the time `passed`, if no call starts during this time.
    pub(crate) fn after(self, passed: Duration) -> Self {
        let quota = self.quota.map(|quota| KeptQuota { reset_in: quota.reset_in.saturating_sub(passed), ..quota });
        Self { full_in: self.full_in.saturating_sub(passed), quota: quota.filter(|quota| !quota.reset_in.is_zero()) }
    }
}
