//! Defines the settings of a [`RetryBudget`](crate::RetryBudget).

use std::time::Duration;

/// Configures a budget as a bucket of tokens. Each retry takes tokens from the bucket, and each successful call puts
/// tokens back.
///
/// The retry mode "standard" of the AWS SDKs works in the same way ([*Retry
/// behavior*](https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html)).
///
/// A call that succeeds after a retry puts back the cost of its last retry. A call that succeeds at the first attempt
/// puts back `first_try_refund` tokens. A retry that costs more tokens than the bucket holds is denied, and takes no
/// token.
///
/// Each attempt of a hedge after the first attempt takes `retry_cost` tokens. A hedged call with more than one attempt
/// puts back no tokens.
///
/// Each field may have any value. With a capacity of zero, every retry with a cost above zero is denied. A retry with a
/// cost of zero is always granted.
///
/// ```
/// use resilience_runtime::{RetryBudget, RetryCost, TokenBucket};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let budget = RetryBudget::bucket(TokenBucket { capacity: 5, ..TokenBucket::DEFAULT });
/// assert!(budget.try_retry(RetryCost::Failure) && !budget.try_retry(RetryCost::Failure));
/// budget.call_succeeded(Some(RetryCost::Failure));
/// assert_eq!(budget.stats().tokens, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    /// Maximum number of tokens in the bucket, which is full at the start. Default: 500.
    pub capacity: u32,
    /// Cost in tokens of a retry after an ordinary failure ([`RetryCost::Failure`]). Default: 5.
    pub retry_cost: u32,
    /// Cost in tokens of a retry after a timeout ([`RetryCost::Timeout`]). Default: 10.
    pub timeout_cost: u32,
    /// Cost in tokens of a retry if the service asked for fewer calls ([`RetryCost::Throttle`]). Default: 5.
    pub throttle_cost: u32,
    /// Number of tokens that a call puts back into the bucket if its first attempt succeeds. Default: 1.
    pub first_try_refund: u32,
}

impl TokenBucket {
    /// The settings with the default value of each field.
    pub const DEFAULT: Self =
        Self { capacity: 500, retry_cost: 5, timeout_cost: 10, throttle_cost: 5, first_try_refund: 1 };
}

impl Default for TokenBucket {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Configures a budget that limits retries to a share of all calls, as in
/// [Finagle](https://twitter.github.io/finagle/guide/Clients.html#retries), Envoy and tower.
///
/// The budget counts calls and retries in a moving window of time with the length `ttl`. Each call in the window
/// permits `share` retries: with a `share` of 0.2, five calls permit one retry. In addition, each window permits
/// `min_per_second * ttl` retries, for programs with few calls. The sum is rounded down. A `ttl` below `1 /
/// min_per_second` seconds therefore permits no retry to a program without calls.
///
/// Each attempt of a hedge after the first attempt counts as a retry.
///
/// The window moves in steps of a tenth of `ttl`. A value outside the range of its field counts as the nearest allowed
/// value. A `share` of NaN counts as 0.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{RetryBudget, RetryCost, RetryRatio};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ratio = RetryRatio { ttl: Duration::from_secs(60), min_per_second: 0, share: 0.5 };
/// let budget = RetryBudget::ratio(ratio);
/// assert!(!budget.try_retry(RetryCost::Failure));
/// budget.call_began();
/// budget.call_began();
/// assert!(budget.try_retry(RetryCost::Failure) && !budget.try_retry(RetryCost::Failure));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryRatio {
    /// Length of the window in which calls and retries are counted, 1 ms to 24 h. Default: 10 s.
    pub ttl: Duration,
    /// Number of retries per second that the budget permits to a program without calls, if `ttl` is at least `1 /
    /// min_per_second` seconds. Default: 10.
    pub min_per_second: u32,
    /// Number of retries that each call permits, 0 to 10. Default: 0.2, one retry for five calls.
    pub share: f64,
}

impl RetryRatio {
    /// The settings with the default value of each field.
    pub const DEFAULT: Self = Self { ttl: Duration::from_secs(10), min_per_second: 10, share: 0.2 };
}

impl Default for RetryRatio {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Identifies the kind of failure that led to a retry. A [`TokenBucket`] has a cost for each kind. A [`RetryRatio`]
/// ignores the kind.
///
/// ```
/// use resilience_runtime::{RetryBudget, RetryCost, TokenBucket};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let budget = RetryBudget::bucket(TokenBucket { capacity: 100, ..TokenBucket::DEFAULT });
/// for cost in [RetryCost::Failure, RetryCost::Timeout, RetryCost::Throttle] {
///     assert!(budget.try_retry(cost));
/// }
/// assert_eq!(budget.stats().tokens, 100 - 5 - 10 - 5);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryCost {
    /// An ordinary failure, such as a refused connection.
    #[default]
    Failure,
    /// The attempt ended in a timeout.
    Timeout,
    /// The service asked for fewer calls, for example with the HTTP status 429.
    Throttle,
}

/// The settings of a budget.
#[derive(Clone, Copy, Debug)]
pub(super) enum Config {
    Bucket(TokenBucket),
    Ratio(RetryRatio),
}
