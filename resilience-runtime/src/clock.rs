//! The one door to the clocks.
//!
//! Breakers measure with tokio's clock, which is the monotonic clock of the system until a test pauses it; it works
//! without a runtime, too. The wall clock only stamps what is shown.

use std::num::NonZeroU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::sync::OnceLock;

/// A point in monotonic time, in steps of eight nanoseconds.
///
/// The three low bits are always zero: [`crate::breaker::gate`] keeps the phase of a breaker in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(NonZeroU64);

impl Tick {
    /// The first reading of the clock. A paused clock may have been stopped long before that, so there is room below
    /// it (146 years), and above it (438 years).
    const FIRST: u64 = 1 << 62;
    const STEP: NonZeroU64 = NonZeroU64::new(8).unwrap();

    pub(crate) fn now() -> Self {
        static FIRST: OnceLock<std::time::Instant> = OnceLock::new();
        let first = Instant::from_std(*FIRST.get_or_init(std::time::Instant::now));
        let now = Instant::now();
        let ahead = nanos(now.saturating_duration_since(first));
        let behind = nanos(first.saturating_duration_since(now));
        Self::from_bits(Self::FIRST.saturating_add(ahead).saturating_sub(behind))
    }

    /// The tick in a word whose three low bits belong to somebody else.
    pub(crate) const fn from_bits(bits: u64) -> Self {
        match NonZeroU64::new(bits - bits % Self::STEP.get()) {
            Some(bits) => Self(bits),
            None => Self(Self::STEP),
        }
    }

    pub(crate) const fn to_bits(self) -> u64 {
        self.0.get()
    }

    /// The time from `earlier` to here, zero where `earlier` is later.
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.to_bits().saturating_sub(earlier.to_bits()))
    }
}

/// Milliseconds of the wall clock since 1970, at least 1, so that zero can stand for "never".
pub(crate) fn wall_millis() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// What a time must be that somebody sets, for [`nanos`] to be exact.
pub(crate) const LONGEST: &str = "at most 584 years";

/// Whether a time fits in 64 bits of nanoseconds.
pub(crate) fn fits(duration: Duration) -> bool {
    duration.as_nanos() <= u128::from(u64::MAX)
}

/// The nanoseconds of a time that [`fits`], or the most that do.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
