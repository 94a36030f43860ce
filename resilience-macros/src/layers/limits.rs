//! Defines ranges and defaults of options. The builders of the runtime have the same ranges and defaults.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The default of `#[bulkhead(wait)]`: no wait.
pub(crate) const BULKHEAD_WAIT: Duration = Duration::ZERO;

/// The range of `#[circuit(window)]`.
pub(crate) const CIRCUIT_WINDOW: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(86_400);
/// The range of `#[circuit(calls)]`.
pub(crate) const CIRCUIT_CALLS: RangeInclusive<u32> = 1..=65_535;
/// The range of `#[circuit(max_keys)]`.
pub(crate) const CIRCUIT_MAX_KEYS: RangeInclusive<u32> = 1..=9_999_999;
/// The range of `#[circuit(cooldown_jitter)]`.
pub(crate) const CIRCUIT_COOLDOWN_JITTER: RangeInclusive<f64> = 0.0..=1.0;

/// The range of `#[hedge(max)]`.
pub(crate) const HEDGE_MAX: RangeInclusive<u32> = 2..=5;
/// The default of `#[hedge(max)]`.
pub(crate) const HEDGE_MAX_DEFAULT: u32 = 2;

/// The range of `#[rate_limit(per_second)]`.
pub(crate) const RATE_LIMIT_PER_SECOND: RangeInclusive<u32> = 1..=1_000_000;

/// The default of `#[retry(max)]`.
pub(crate) const RETRY_MAX_DEFAULT: u32 = 3;
/// The default of `#[retry(delay)]`.
pub(crate) const RETRY_DELAY_DEFAULT: Duration = Duration::from_secs(1);
/// The default of `#[retry(backoff)]`.
pub(crate) const RETRY_BACKOFF_DEFAULT: f64 = 2.0;
