//! Defines ranges and defaults of options. The builders in the runtime crate have these ranges and defaults, too.

use std::ops::RangeInclusive;
use std::time::Duration;

/// The default of the option `threshold` of `#[circuit]`, in failures.
pub(crate) const CIRCUIT_THRESHOLD_DEFAULT: u32 = 3;
pub(crate) const CIRCUIT_WINDOW: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(86_400);
/// The range of the option `calls` of `#[circuit]`, in calls.
pub(crate) const CIRCUIT_CALLS: RangeInclusive<u32> = 1..=65_535;
/// The range of the option `max_keys`, in keys.
pub(crate) const MAX_KEYS: RangeInclusive<u32> = 1..=9_999_999;
/// The range of the option `cooldown_jitter` of `#[circuit]`, as a fraction of the cooldown.
pub(crate) const CIRCUIT_COOLDOWN_JITTER: RangeInclusive<f64> = 0.0..=1.0;

/// The range of the option `max` of `#[hedge]`, in attempts.
pub(crate) const HEDGE_MAX: RangeInclusive<u32> = 2..=5;
/// The default of the option `max` of `#[hedge]`, in attempts.
pub(crate) const HEDGE_MAX_DEFAULT: u32 = 2;
/// The range of a percentile in the option `after` of `#[hedge]`.
pub(crate) const HEDGE_PERCENTILE: RangeInclusive<f64> = 50.0..=99.9;

/// The range of the option `per_second` of `#[rate_limit]`, in calls per second.
pub(crate) const RATE_LIMIT_PER_SECOND: RangeInclusive<u32> = 1..=1_000_000;

/// The range of the option `per` of `#[rate_limit]`.
pub(crate) const RATE_LIMIT_PER: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_secs(86_400);
/// The shortest allowed average time between two calls of a `#[rate_limit]`: the option `per`, divided by the option
/// `limit`.
pub(crate) const RATE_LIMIT_STEP: Duration = Duration::from_micros(1);

/// The range of the option `max_queue` of `#[bulkhead]` and `#[rate_limit]`, in calls.
pub(crate) const MAX_QUEUE: RangeInclusive<u32> = 1..=1_000_000_000;

/// The default of the option `max` of `#[retry]`, in attempts.
pub(crate) const RETRY_MAX_DEFAULT: u32 = 3;
pub(crate) const RETRY_DELAY_DEFAULT: Duration = Duration::from_secs(1);
/// The default of the option `backoff` of `#[retry]`, the ratio of each pause to the previous pause.
pub(crate) const RETRY_BACKOFF_DEFAULT: f64 = 2.0;
