//! The one door to the clocks.
//!
//! Breakers measure with tokio's clock, which is the monotonic clock of the system until a test pauses it; it works
//! without a runtime, too. The wall clock only stamps what is shown.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::base::sync::OnceLock;

/// A point in monotonic time, in steps of eight nanoseconds.
///
/// The three low bits are always zero: [`crate::circuit::core::gate`] keeps the phase of a breaker in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(NonZeroU64);

impl Tick {
    /// The start of the system. A paused clock may have been stopped long before that, so there is room below it (146 years),
    /// and above it (438 years).
    const ZERO: u64 = 1 << 62;
    const STEP: NonZeroU64 = NonZeroU64::new(8).unwrap();

    #[inline]
    pub(crate) fn now() -> Self {
        let First { precise, coarse } = first();
        let (first, now) = (Instant::from_std(*precise), Instant::now());
        let zero = Self::ZERO.wrapping_add(*coarse);
        match now.checked_duration_since(first) {
            Some(ahead) => Self::from_bits(zero.saturating_add(nanos(ahead))),
            None => Self::from_bits(zero.saturating_sub(nanos(first.saturating_duration_since(now)))),
        }
    }

    /// The tick in a word whose three low bits belong to somebody else.
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

    /// So long after this; the last tick there is, where that is sooner.
    #[inline]
    pub(crate) fn after(self, time: Duration) -> Self {
        Self::from_bits(self.to_bits().saturating_add(nanos(time)))
    }

    /// The time from `earlier` to here, zero where `earlier` is later.
    #[inline]
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.to_bits().saturating_sub(earlier.to_bits()))
    }
}

/// So long from now, for tokio's timer; none where its clock does not go that far.
pub(crate) fn end(after: Duration) -> Option<Instant> {
    Instant::now().checked_add(after)
}

pub(crate) fn is_past(end: Instant) -> bool {
    end <= Instant::now()
}

/// Somebody has paused tokio's clock or moved it, which only tests do.
static MOVED: AtomicBool = AtomicBool::new(false);

/// Whether tokio's clock can be another one than the system's, as far as anybody has [looked](look).
pub(crate) fn is_moved() -> bool {
    MOVED.load(Ordering::Relaxed)
}

/// Finds out whether tokio's clock is the system's.
pub(crate) fn look() {
    let before = std::time::Instant::now();
    let now = Instant::now().into_std();
    if !(before..=std::time::Instant::now()).contains(&now) {
        MOVED.store(true, Ordering::Relaxed);
    }
}

/// The time as of the last tick of the system's coarse clock, 1 to 10 ms back, for a fifth of the price. It is the precise one
/// where that is wanted, where there is no coarse clock, or once somebody has moved tokio's, for which one lap of two `looks`.
#[cfg(all(target_os = "linux", not(resilience_loom)))]
#[inline]
pub(crate) fn lap(precise: bool, looks: bool) -> Tick {
    // Out of line, so that the coarse clock need not save the registers that it takes.
    #[cold]
    fn now() -> Tick {
        Tick::now()
    }
    let coarse = coarse();
    if precise || is_moved() || (looks && is_moved_since(coarse)) {
        return now();
    }
    Tick::from_bits(Tick::ZERO.wrapping_add(coarse))
}

/// Looks again once in each tick of the coarse clock: a test may pause tokio's long after a breaker was made.
#[cfg(all(target_os = "linux", not(resilience_loom)))]
#[inline]
fn is_moved_since(coarse: u64) -> bool {
    use std::sync::atomic::AtomicU64;
    static LOOKED: AtomicU64 = AtomicU64::new(0);
    #[cold]
    fn look_again(coarse: u64) -> bool {
        LOOKED.store(coarse, Ordering::Relaxed);
        look();
        is_moved()
    }
    LOOKED.load(Ordering::Relaxed) != coarse && look_again(coarse)
}

/// The first reading of both clocks, so that they count from one moment: a call may begin by the one and end by the other.
struct First {
    precise: std::time::Instant,
    coarse: u64,
}

#[inline]
fn first() -> &'static First {
    static FIRST: OnceLock<First> = OnceLock::new();
    FIRST.get_or_init(|| First { precise: std::time::Instant::now(), coarse: coarse() })
}

#[cfg(all(target_os = "linux", not(resilience_loom)))]
#[inline]
fn coarse() -> u64 {
    use rustix::time::{ClockId, clock_gettime};
    let coarse = clock_gettime(ClockId::MonotonicCoarse);
    let [seconds, fraction] = [coarse.tv_sec, coarse.tv_nsec].map(|part| u64::try_from(part).unwrap_or(0));
    seconds.wrapping_mul(1_000_000_000).wrapping_add(fraction)
}

#[cfg(not(all(target_os = "linux", not(resilience_loom))))]
fn coarse() -> u64 {
    0
}

#[cfg(not(all(target_os = "linux", not(resilience_loom))))]
#[inline]
pub(crate) fn lap(_: bool, _: bool) -> Tick {
    Tick::now()
}

/// A moment of the wall clock as a word: zero is never, and a later one is greater. Seconds since 1970 and, in the low bits,
/// their nanoseconds, an odd number of them, so that making one takes no division.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stamp(u64);

impl Stamp {
    const NANOS: u32 = 30;

    /// As of the last tick of the system's coarse clock, which costs a fifth of the precise one and ticks every 1 to 10 ms.
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

    /// Time stands still in a model, which has to take the same steps each time.
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

    /// The time, to the millisecond.
    pub(crate) fn time(self) -> Option<SystemTime> {
        let nanos = self.0 & ((1 << Self::NANOS) - 1);
        let since_1970 = Duration::from_secs(self.0 >> Self::NANOS) + Duration::from_millis(nanos / 1_000_000);
        (self.0 != 0).then(|| UNIX_EPOCH + since_1970)
    }
}

/// What a time must be that somebody sets, for [`nanos`] to be exact.
pub(crate) const LONGEST: &str = "at most 584 years";

/// Whether a time fits in 64 bits of nanoseconds.
pub(crate) fn fits(duration: Duration) -> bool {
    duration.as_nanos() <= u128::from(u64::MAX)
}

/// The nanoseconds of a time that [`fits`], or the most that do.
pub(crate) fn nanos(duration: Duration) -> u64 {
    // In 64 bits: `Duration::as_nanos` counts in 128.
    duration.as_secs().saturating_mul(1_000_000_000).saturating_add(u64::from(duration.subsec_nanos()))
}

#[cfg(all(test, target_os = "linux", not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_lap_is_a_reading_of_the_coarse_clock_unless_it_has_to_be_precise() {
        use rustix::time::{ClockId, clock_gettime};
        let coarse = || {
            let time = clock_gettime(ClockId::MonotonicCoarse);
            let [seconds, nanos] = [time.tv_sec, time.tv_nsec].map(|part| u64::try_from(part).unwrap());
            Tick::from_bits(Tick::ZERO).after(Duration::from_secs(seconds) + Duration::from_nanos(nanos))
        };
        assert!(!is_moved(), "no unit test moves the clock");
        for _ in 0..1000 {
            let (before, lap, after) = (coarse(), lap(false, true), coarse());
            assert!((before..=after).contains(&lap), "{before:?}, {lap:?}, {after:?}");
        }
        let (before, lap, after) = (Tick::now(), lap(true, false), Tick::now());
        assert!((before..=after).contains(&lap), "{before:?}, {lap:?}, {after:?}");
    }
}
