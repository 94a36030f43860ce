//! Defines [`KeptLimit`], the part of a rate limit's state that a snapshot keeps.

use std::time::Duration;

/// The part of a rate limit's state that a snapshot keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptLimit {
    /// The time until the rate limit admits a whole burst again.
    pub(crate) full_in: Duration,
    /// The quota of the service, if the service has reported one.
    pub(crate) quota: Option<KeptQuota>,
}

/// The quota that a service has reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptQuota {
    /// The number of further tokens that the service allows.
    pub(crate) remaining: u32,
    /// The time until the service resets this number.
    pub(crate) reset_in: Duration,
}

impl KeptLimit {
    /// Returns whether the state equals the state of a new rate limit.
    pub(crate) fn decides_as_new(&self) -> bool {
        self.full_in.is_zero() && self.quota.is_none()
    }

    /// Returns this state after the time `passed`.
    pub(crate) fn after(self, passed: Duration) -> Self {
        let quota = self.quota.map(|quota| KeptQuota { reset_in: quota.reset_in.saturating_sub(passed), ..quota });
        Self { full_in: self.full_in.saturating_sub(passed), quota: quota.filter(|quota| !quota.reset_in.is_zero()) }
    }
}
