//! The one place that reads clocks.
//!
//! Tokio's clock decides everything. A test can pause it; otherwise it is the monotonic clock of the system. It needs
//! no runtime. The wall clock only stamps the times that statistics show.

use std::num::NonZeroU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::base::sync::OnceLock;

/// A point in monotonic time, in steps of eight nanoseconds.
///
/// The three low bits are always zero: [`crate::circuit::core::gate`] keeps the phase of a breaker in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(NonZeroU64);

/// The largest difference between two readings of one clock, caused by the delay between its readers. A larger
/// difference means two clocks, such as the paused clocks of two tests.
pub(crate) const SKEW: Duration = Duration::from_secs(1);

impl Tick {
    /// The first reading of this process. A paused clock may show an earlier time, so 146 years remain below this
    /// value, and 438 years above it.
    const FIRST: u64 = 1 << 62;
    const STEP: NonZeroU64 = NonZeroU64::new(8).unwrap();

    #[inline]
    pub(crate) fn now() -> Self {
        static FIRST: OnceLock<std::time::Instant> = OnceLock::new();
        let first = Instant::from_std(*FIRST.get_or_init(std::time::Instant::now));
        let now = Instant::now();
        match now.checked_duration_since(first) {
            Some(ahead) => Self::from_bits(Self::FIRST.saturating_add(nanos(ahead))),
            None => Self::from_bits(Self::FIRST.saturating_sub(nanos(first.saturating_duration_since(now)))),
        }
    }

    /// Returns the tick of a word, without its three low bits.
    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        match NonZeroU64::new(bits - bits % Self::STEP.get()) {
            Some(bits) => Self(bits),
            None => Self(Self::STEP),
        }
    }

    pub(crate) const fn to_bits(self) -> u64 {
        self.0.get()
    }

    /// Returns the tick after this time. It is rounded up, so that a wait until this tick is long enough. The sum
    /// saturates.
    #[inline]
    pub(crate) fn after(self, time: Duration) -> Self {
        Self::from_bits(self.to_bits().saturating_add(whole_steps(nanos(time))))
    }

    /// Returns the time from `earlier` to this tick, or zero if `earlier` is later.
    #[inline]
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.to_bits().saturating_sub(earlier.to_bits()))
    }
}

/// Rounds nanoseconds up to whole ticks. Only values above the last tick are rounded down.
#[inline]
pub(crate) const fn whole_steps(nanos: u64) -> u64 {
    let below = nanos % Tick::STEP.get();
    match nanos.checked_add((Tick::STEP.get() - below) % Tick::STEP.get()) {
        Some(nanos) => nanos,
        None => nanos - below,
    }
}

/// Returns the end of a time that starts now, for tokio's timer. Returns `None` for an end beyond the range of its
/// clock.
pub(crate) fn end(after: Duration) -> Option<Instant> {
    Instant::now().checked_add(after)
}

pub(crate) fn is_past(end: Instant) -> bool {
    end <= Instant::now()
}

/// A moment of the wall clock as one word. Zero means never, and a later moment is a greater number.
///
/// The word contains the seconds since 1970, followed by 30 bits of nanoseconds. The lowest bit is always one, so a
/// stamp is never zero. A stamp is made without a division.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(u64);

impl Stamp {
    const NANOS: u32 = 30;

    /// Reads the system's coarse clock, which ticks every 1 to 10 ms and costs a fifth of the precise one.
    #[cfg(all(target_os = "linux", not(resilience_loom)))]
    pub(crate) fn now() -> Self {
        use rustix::time::{ClockId, clock_gettime};
        let since_1970 = clock_gettime(ClockId::RealtimeCoarse);
        let seconds = u64::try_from(since_1970.tv_sec).unwrap_or(0);
        let nanos = u64::try_from(since_1970.tv_nsec).unwrap_or(0);
        Self(seconds << Self::NANOS | nanos | 1)
    }

    #[cfg(not(any(target_os = "linux", resilience_loom)))]
    pub(crate) fn now() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(since_1970.as_secs() << Self::NANOS | u64::from(since_1970.subsec_nanos()) | 1)
    }

    /// Returns a constant, because a model must take the same steps in each run.
    #[cfg(resilience_loom)]
    pub(crate) fn now() -> Self {
        Self(1)
    }

    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    /// Returns the time, to the millisecond.
    pub(crate) fn time(self) -> Option<SystemTime> {
        let nanos = self.0 & ((1 << Self::NANOS) - 1);
        let since_1970 = Duration::from_secs(self.0 >> Self::NANOS) + Duration::from_millis(nanos / 1_000_000);
        (self.0 != 0).then(|| UNIX_EPOCH + since_1970)
    }
}

/// The description of a range in which [`nanos`] is exact, for errors about times.
pub(crate) const LONGEST: &str = "at most 584 years";

/// Returns whether a time fits in 64 bits of nanoseconds.
pub(crate) fn fits(duration: Duration) -> bool {
    duration.as_nanos() <= u128::from(u64::MAX)
}

/// Returns the nanoseconds of a time; the result saturates.
pub(crate) fn nanos(duration: Duration) -> u64 {
    // `Duration::as_nanos` counts in 128 bits, which costs more.
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(duration.subsec_nanos()))
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn steps_are_rounded_up_except_the_last() {
        for (nanos, steps) in
            [(0, 0), (1, 8), (7, 8), (8, 8), (9, 16), (u64::MAX - 7, u64::MAX - 7), (u64::MAX, u64::MAX - 7)]
        {
            assert_eq!(whole_steps(nanos), steps, "{nanos}");
        }
    }

    #[test]
    fn tick_after_a_time_is_never_early() {
        let now = Tick::now();
        for (nanos, waited) in [(0, 0), (1_000_000_007, 1_000_000_008), (1_000_000_008, 1_000_000_008)] {
            assert_eq!(now.after(Duration::from_nanos(nanos)).since(now), Duration::from_nanos(waited));
        }
        assert_eq!(now.after(Duration::MAX).to_bits(), u64::MAX - 7);
    }
}
