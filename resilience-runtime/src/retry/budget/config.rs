//! Defines the settings of a [`RetryBudget`](crate::RetryBudget).

use std::time::Duration;

/// Configures a budget with a bucket of tokens. Each retry takes tokens from the bucket, and each successful call puts
/// tokens back.
///
/// The AWS SDKs use a bucket of tokens in their retry mode "standard" ([*Retry
/// behavior*](https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html)).
///
/// A call that succeeds after a retry puts back the cost of its last retry. A call that succeeds at the first attempt
/// puts back `first_try_refund` tokens. If the bucket holds fewer tokens than a retry costs, the retry is denied and
/// takes no token.
///
/// A further attempt of a hedge takes `retry_cost` tokens. A call puts back no token after a further attempt of a
/// hedge, even if the call succeeds.
///
/// Each field may have any value. A capacity of zero denies every retry that costs a token. A retry with a cost of zero
/// is always granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    /// Maximum number of tokens in the bucket. The bucket starts with this number of tokens. Default: 500.
    pub capacity: u32,
    /// Cost in tokens of a retry after an ordinary failure ([`RetryCost::Failure`]). Default: 5.
    pub retry_cost: u32,
    /// Cost in tokens of a retry after a timeout ([`RetryCost::Timeout`]). Default: 10.
    pub timeout_cost: u32,
    /// Cost in tokens of a retry after the service asked its callers to send fewer calls ([`RetryCost::Throttle`]).
    /// Default: 5.
    pub throttle_cost: u32,
    /// Number of tokens that a call puts back into the bucket if its first attempt succeeds. Default: 1.
    pub first_try_refund: u32,
}

impl TokenBucket {
    /// The default value of each field.
    pub const DEFAULT: Self =
        Self { capacity: 500, retry_cost: 5, timeout_cost: 10, throttle_cost: 5, first_try_refund: 1 };
}

impl Default for TokenBucket {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Configures a budget that grants retries in proportion to the number of calls, as in
/// [Finagle](https://twitter.github.io/finagle/guide/Clients.html#retries), Envoy and tower.
///
/// The budget counts the calls and the retries in a window of time with the length `ttl`. Each call in this window
/// permits `share` retries, for example 0.2. In addition, `min_per_second` retries per second are always permitted, so
/// that a program with few calls can retry.
///
/// The budget treats a further attempt of a hedge as a retry.
///
/// The window moves forward in steps of a tenth of `ttl`. A field outside its range is treated as the nearest allowed
/// value. A `share` of NaN is treated as 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryRatio {
    /// Length of the window of time in which calls and retries are counted, 1 ms to 24 h. Default: 10 s.
    pub ttl: Duration,
    /// Number of retries per second that the budget permits even if no call starts. Default: 10.
    pub min_per_second: u32,
    /// Number of retries that each call permits, 0 to 10. Default: 0.2, which permits one retry for five calls.
    pub share: f64,
}

impl RetryRatio {
    /// The default value of each field.
    pub const DEFAULT: Self = Self { ttl: Duration::from_secs(10), min_per_second: 10, share: 0.2 };
}

impl Default for RetryRatio {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The kind of failure after which a retry is made. A [`TokenBucket`] has a separate cost for each kind. A
/// [`RetryRatio`] ignores the kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryCost {
    /// An ordinary failure: neither a timeout, nor a request by the service to send fewer calls.
    #[default]
    Failure,
    /// The attempt ended in a timeout.
    Timeout,
    /// The service asked its callers to send fewer calls.
    Throttle,
}

/// The settings of a budget.
#[derive(Clone, Copy, Debug)]
pub(super) enum Config {
    Bucket(TokenBucket),
    Ratio(RetryRatio),
}
