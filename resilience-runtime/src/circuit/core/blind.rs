use crate::base::clock::Tick;

/// Counts consecutive calls without an outcome. After many of these calls, the circuit emits a warning. A call has no
/// outcome if the call was cancelled, or if a deadline ended the call.
///
/// This type has only four bytes, because `tests/allocations.rs` limits the size of a breaker.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Blind {
    /// The low 5 bits count the consecutive calls without an outcome, up to 20. The high 11 bits store the argument
    /// `outcomes` of the last call of [`add`](Self::add), modulo 2,048. If the next call of `add` receives a different
    /// `outcomes`, the count starts again. A difference that is a multiple of 2,048 goes unnoticed.
    calls: u16,
    /// The time of the last warning, in units of 2^29 ns (about half a second), or zero before the first warning. The
    /// value runs from 1 to 65,535, and begins again at 1 after about ten hours.
    warned: u16,
}

/// The number of consecutive calls without an outcome after which a warning is due.
pub(crate) const BLIND_CALLS: u16 = 20;

impl Blind {
    const CALLS_BITS: u32 = 5;
    const CALLS: u16 = (1 << Self::CALLS_BITS) - 1;
    /// The unit of the field `warned` is `1 << UNIT` nanoseconds, about half a second.
    const UNIT: u32 = 29;
    /// The smallest difference between two values of the field `warned` that proves that a minute has passed. The
    /// values are rounded down, so a difference of 113 units means that more than 112 units (60.1 s) have passed.
    const MINUTE: u16 = 113;
    /// The number of units after which the field `warned` has the same value again.
    const UNITS: u16 = u16::MAX;
    /// The largest number of units by which the time of a call may be earlier than the last warning. The clock readings
    /// of two threads may differ by up to one second ([`SKEW`](crate::base::clock::SKEW)), which is at most two units.
    const LATE: u16 = 2;

    /// Counts a call without an outcome, and returns whether a warning is due. `outcomes` is the total of successes and
    /// failures since the breaker was created. After 20 consecutive calls without an outcome, a warning is due, but at
    /// most once a minute.
    #[expect(clippy::cast_possible_truncation, reason = "only differences of near numbers count")]
    pub(crate) fn add(&mut self, outcomes: u64, now: Tick) -> bool {
        let outcomes = (outcomes as u16) << Self::CALLS_BITS;
        let in_row = if outcomes == self.calls & !Self::CALLS { self.calls & Self::CALLS } else { 0 };
        let in_row = (in_row + 1).min(BLIND_CALLS);
        self.calls = outcomes | in_row;
        let unit = (now.to_bits() >> Self::UNIT) % u64::from(Self::UNITS);
        let warned = u64::from(self.warned);
        let since = (unit + 1 + u64::from(Self::UNITS) - warned) % u64::from(Self::UNITS);
        let due = self.warned == 0 || (Self::MINUTE..Self::UNITS - Self::LATE).contains(&(since as u16));
        let warns = in_row == BLIND_CALLS && due;
        if warns {
            self.warned = unit as u16 + 1;
        }
        warns
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn warning_needs_calls_in_a_row_and_a_minute() {
        let begun = Tick::now();
        let mut blind = Blind::default();
        let mut warnings = |outcomes, second: u64, calls: u32| {
            let now = begun.after(Duration::from_secs(second));
            (0..calls).filter(|_| blind.add(outcomes, now)).count()
        };
        assert_eq!(warnings(0, 0, 19), 0);
        assert_eq!(warnings(1, 0, 19), 0, "an outcome came between");
        assert_eq!(warnings(1, 0, 1), 1);
        assert_eq!(warnings(1, 59, 100), 0, "within a minute");
        assert_eq!(warnings(1, 61, 100), 1);
        assert_eq!(warnings(2, 122, 19), 0);
        assert_eq!(warnings(2, 122, 1), 1);
        assert_eq!(warnings(2, 86_400, 1), 1, "a day later");
    }

    #[test]
    fn no_second_warning_within_a_minute_of_any_start() {
        for offset in (0..1 << Blind::UNIT).step_by(1 << 24) {
            let begun = Tick::now().after(Duration::from_nanos(offset));
            let mut blind = Blind::default();
            assert_eq!((0..20).filter(|_| blind.add(0, begun)).count(), 1);
            assert!(!blind.add(0, begun.after(Duration::from_micros(59_999_999))), "{offset}");
            assert!(blind.add(0, begun.after(Duration::from_secs(61))), "{offset}");
        }
    }

    #[test]
    fn no_second_warning_within_a_minute_where_units_begin_again() {
        let unit = 1 << Blind::UNIT;
        let cycle = u64::from(Blind::UNITS) * unit;
        let first = Tick::now().to_bits();
        let first = Tick::from_bits(first - first % cycle + cycle);
        for units in 0..120 {
            let begun = Tick::from_bits(first.to_bits() - units * unit + unit - 8);
            let mut blind = Blind::default();
            assert_eq!((0..20).filter(|_| blind.add(0, begun)).count(), 1);
            assert!(!blind.add(0, begun.after(Duration::from_micros(59_999_999))), "{units}");
            assert!(blind.add(0, begun.after(Duration::from_secs(61))), "{units}");
        }
    }

    #[test]
    fn call_that_read_the_clock_before_the_warning_does_not_warn() {
        let begun = Tick::now();
        let mut blind = Blind::default();
        assert_eq!((0..20).filter(|_| blind.add(0, begun.after(Duration::from_secs(1)))).count(), 1);
        assert!(!blind.add(0, begun));
    }
}
