//! The ranges and defaults of options. The runtime defines the same ones for its builders.

use std::ops::RangeInclusive;
use std::time::Duration;

/// `#[bulkhead(wait)]`: no wait.
pub(crate) const BULKHEAD_WAIT: Duration = Duration::ZERO;

/// `#[circuit(window)]`.
pub(crate) const CIRCUIT_WINDOW: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(86_400);
/// `#[circuit(calls)]`.
pub(crate) const CIRCUIT_CALLS: RangeInclusive<u32> = 1..=65_535;
/// `#[circuit(max_keys)]`.
pub(crate) const CIRCUIT_MAX_KEYS: RangeInclusive<u32> = 1..=9_999_999;
/// `#[circuit(cooldown_jitter)]`.
pub(crate) const CIRCUIT_COOLDOWN_JITTER: RangeInclusive<f64> = 0.0..=1.0;

/// `#[hedge(max)]`: the range.
pub(crate) const HEDGE_MAX: RangeInclusive<u32> = 2..=5;
/// `#[hedge(max)]`: the default.
pub(crate) const HEDGE_MAX_DEFAULT: u32 = 2;

/// `#[rate_limit(per_second)]`.
pub(crate) const RATE_LIMIT_PER_SECOND: RangeInclusive<u32> = 1..=1_000_000;

/// `#[retry(max)]`: the default.
pub(crate) const RETRY_MAX_DEFAULT: u32 = 3;
/// `#[retry(delay)]`: the default.
pub(crate) const RETRY_DELAY_DEFAULT: Duration = Duration::from_secs(1);
/// `#[retry(backoff)]`: the default.
pub(crate) const RETRY_BACKOFF_DEFAULT: f64 = 2.0;
