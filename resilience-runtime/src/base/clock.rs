//! Reads the clocks for this crate.
//!
//! All waits, cooldowns and time limits use tokio's clock. Tokio's clock is the monotonic clock of the system, unless a
//! test has paused it. Tokio's clock also works outside a tokio runtime. The wall clock (date and time of day) provides
//! only the times in events, statistics and snapshots.

use std::num::NonZeroU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::base::sync::OnceLock;

/// A point in time on tokio's clock: a number of nanoseconds that is a multiple of eight.
///
/// The three lowest bits of a tick are always zero. The module [`crate::circuit::core::gate`] packs a tick into a
/// `u64`, and uses these three bits to identify the phase of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(NonZeroU64);

#[cfg(test)]
thread_local! {
    /// The number of times that this thread has read tokio's clock.
    pub(crate) static READINGS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// The longest expected delay between the moment when a thread reads the clock and the moment when it uses the reading.
/// If the readings of two threads differ by more than this time, the readings come from two clocks, such as the paused
/// clocks of two tests.
pub(crate) const SKEW: Duration = Duration::from_secs(1);

impl Tick {
    /// The value of the first tick that this process reads, in nanoseconds. The value leaves room for 438 years after
    /// the first tick. The value also leaves room for 146 years before the first tick, because the paused clock of a
    /// test may show an earlier time.
    const FIRST: u64 = 1 << 62;
    const STEP: NonZeroU64 = NonZeroU64::new(8).unwrap();

    #[inline]
    pub(crate) fn now() -> Self {
        static FIRST: OnceLock<std::time::Instant> = OnceLock::new();
        #[cfg(test)]
        READINGS.set(READINGS.get() + 1);
        let first = Instant::from_std(*FIRST.get_or_init(std::time::Instant::now));
        let now = Instant::now();
        match now.checked_duration_since(first) {
            Some(ahead) => Self::from_bits(Self::FIRST.saturating_add(nanos(ahead))),
            None => Self::before_first(first, now),
        }
    }

    /// Returns the tick of a time `now` that is before the first tick of the process.
    #[cold]
    fn before_first(first: Instant, now: Instant) -> Self {
        Self::from_bits(Self::FIRST.saturating_sub(nanos(first.saturating_duration_since(now))))
    }

    /// Converts a number of nanoseconds to a tick by clearing the three lowest bits. A number below 8 becomes 8,
    /// because a tick is never zero.
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

    /// Adds `time` to this tick. The sum is rounded up to a multiple of 8 ns, so that a wait until the returned tick is
    /// never too short. If the sum is too large for a tick, returns the largest tick.
    #[inline]
    pub(crate) fn after(self, time: Duration) -> Self {
        Self::from_bits(self.to_bits().saturating_add(whole_steps(nanos(time))))
    }

    /// Returns this tick, or `now` if this tick is later than `now` by more than [`SKEW`]. A tick that is so much later
    /// comes from another clock, such as the paused clock of another test.
    #[inline]
    pub(crate) fn on_clock_of(self, now: Self) -> Self {
        if self.since(now) > SKEW { now } else { self }
    }

    /// Returns the time from `now` until this tick, the end of a period with the length `length`. Returns zero if the
    /// period has ended. Also returns zero if the time is longer than the period by more than [`SKEW`], because this
    /// tick then comes from another clock.
    pub(crate) fn left(self, length: Duration, now: Self) -> Duration {
        let left = self.since(now);
        if left > length.saturating_add(SKEW) { Duration::ZERO } else { left }
    }

    /// Subtracts `time` from this tick. The difference is rounded down to a multiple of 8 ns.
    #[cfg(any(feature = "serde", feature = "stream"))]
    pub(crate) fn before(self, time: Duration) -> Self {
        Self::from_bits(self.to_bits().saturating_sub(nanos(time)))
    }

    /// Returns the time from `earlier` to this tick, or zero if `earlier` is the later tick.
    #[inline]
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.to_bits().saturating_sub(earlier.to_bits()))
    }
}

/// A point in time on tokio's clock, in whole milliseconds. The number has only 40 bits, to make a breaker small. The
/// number therefore wraps around after 34 years.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Millis([u8; 5]);

impl Millis {
    const NANOS: u64 = 1_000_000;
    const BITS: u32 = 40;

    pub(crate) fn of(tick: Tick) -> Self {
        let bits = (tick.to_bits() / Self::NANOS).to_le_bytes();
        Self(bits.first_chunk().copied().unwrap_or_default())
    }

    fn to_bits(self) -> u64 {
        self.0.iter().rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte))
    }

    /// Returns the time from this point to `now`. The result is less than 1 ms too long or too short, and exact for a
    /// whole number of milliseconds. Returns zero if this point is at most a year later than `now`, because another
    /// thread or test may use a later clock. For a time of more than 33 years, the result is wrong, because the number
    /// wraps around.
    pub(crate) fn until(self, now: Tick) -> Duration {
        const LONGEST: u64 = 33 * 365 * 86_400_000;
        let millis = Self::of(now).to_bits().wrapping_sub(self.to_bits()) % (1 << Self::BITS);
        Duration::from_millis(if millis > LONGEST { 0 } else { millis })
    }
}

/// Rounds a number of nanoseconds up to a multiple of 8. Rounds a number above `u64::MAX - 7` down, because the next
/// multiple of 8 does not fit in a `u64`.
#[inline]
pub(crate) const fn whole_steps(nanos: u64) -> u64 {
    let below = nanos % Tick::STEP.get();
    match nanos.checked_add((Tick::STEP.get() - below) % Tick::STEP.get()) {
        Some(nanos) => nanos,
        None => nanos - below,
    }
}

pub(crate) fn is_past(end: Instant) -> bool {
    end <= Instant::now()
}

/// A time of the wall clock in 64 bits, so that an `AtomicU64` can store the time. The value zero means that no time is
/// stored. A later time has a greater value.
///
/// The upper 34 bits contain the whole seconds since 1970. The lower 30 bits contain the remaining nanoseconds.
/// [`Stamp::now`] sets the lowest bit, so that the stamp is never zero. To build this layout, [`Stamp::now`] needs only
/// a shift and two bitwise ORs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(u64);

impl Stamp {
    const NANOS: u32 = 30;

    /// Reads the system's coarse clock, which advances every 1 to 10 ms. A reading of the precise clock takes five
    /// times as long.
    #[cfg(all(target_os = "linux", not(resilience_loom)))]
    #[expect(clippy::cast_sign_loss, reason = "Linux refuses to set the clock to a time before 1970")]
    #[inline]
    pub(crate) fn now() -> Self {
        use rustix::time::{ClockId, clock_gettime};
        let since_1970 = clock_gettime(ClockId::RealtimeCoarse);
        Self((since_1970.tv_sec as u64) << Self::NANOS | since_1970.tv_nsec as u64 | 1)
    }

    #[cfg(not(any(target_os = "linux", resilience_loom)))]
    pub(crate) fn now() -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(since_1970.as_secs() << Self::NANOS | u64::from(since_1970.subsec_nanos()) | 1)
    }

    /// Returns a constant, because the test tool loom requires the same steps in each run of a test.
    #[cfg(resilience_loom)]
    pub(crate) fn now() -> Self {
        Self(1)
    }

    /// Returns the stamp of a time, or `None` if the time is before 1970 or after the year 2514.
    #[cfg(feature = "serde")]
    pub(crate) fn of(time: SystemTime) -> Option<Self> {
        let since_1970 = time.duration_since(UNIX_EPOCH).ok()?;
        let is_in_range = since_1970.as_secs() <= u64::MAX >> Self::NANOS;
        let stamp = since_1970.as_secs() << Self::NANOS | u64::from(since_1970.subsec_nanos()) | 1;
        is_in_range.then_some(Self(stamp))
    }

    #[inline]
    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    #[inline]
    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    /// Returns the time of this stamp, rounded down to a millisecond. Returns `None` if this stamp contains no time.
    pub(crate) fn time(self) -> Option<SystemTime> {
        let nanos = self.0 & ((1 << Self::NANOS) - 1);
        let since_1970 = Duration::from_secs(self.0 >> Self::NANOS) + Duration::from_millis(nanos / 1_000_000);
        (self.0 != 0).then(|| UNIX_EPOCH + since_1970)
    }
}

/// The longest duration that an option accepts, as a text for error messages.
pub(crate) const LONGEST: &str = "at most 584 years";

/// Returns whether `duration` in nanoseconds fits in a `u64`.
pub(crate) fn fits(duration: Duration) -> bool {
    duration.as_nanos() <= u128::from(u64::MAX)
}

/// Returns `duration` in nanoseconds, but at most `u64::MAX`.
pub(crate) const fn nanos(duration: Duration) -> u64 {
    // Avoids `Duration::as_nanos`, because 128-bit arithmetic is slower than 64-bit arithmetic.
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(duration.subsec_nanos() as u64)
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
    fn whole_milliseconds_are_exact() {
        const DAY: u64 = 86_400_000;
        let (now, ms) = (Tick::now(), Duration::from_millis);
        for time in [0, 1, 17, 1_000, DAY, 417 * DAY, 32 * 365 * DAY].map(ms) {
            assert_eq!(Millis::of(now).until(now.after(time)), time);
            let longer = time + Duration::from_nanos(999_992);
            assert!(Millis::of(now).until(now.after(longer)).abs_diff(longer) < ms(1), "{longer:?}");
        }
        assert_eq!(Millis::of(now.after(ms(2))).until(now), Duration::ZERO);
        assert_eq!(Millis::of(now.after(ms(365 * DAY))).until(now), Duration::ZERO);
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
