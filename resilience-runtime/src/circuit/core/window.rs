//! Implements the window of a circuit, which contains the recent calls that decide whether the circuit opens. The
//! window contains either a limited number of the latest calls, or all calls that ended within a limited time before
//! now.
//!
//! The method `add` adds a failure or a slow call to the window. A success that is not slow only increments a counter
//! outside the window. The method `update` receives the value of this counter. `update` then adds to the window the
//! successes since the previous call of `update`.

#[cfg(feature = "serde")]
use std::time::Duration;

use crate::base::clock::Tick;
use crate::circuit::core::buckets::Buckets;
#[cfg(feature = "serde")]
use crate::circuit::core::buckets::KeptBuckets;
use crate::circuit::core::counts::Counts;
use crate::circuit::core::last_calls::LastCalls;
use crate::circuit::settings::Span;

/// The part of a window that a snapshot keeps.
#[cfg(feature = "serde")]
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum KeptWindow {
    Time(KeptBuckets),
    /// One character for each call, beginning with the oldest call. The constant `SYMBOLS` in the file of [`LastCalls`]
    /// defines the characters.
    Calls(String),
}

#[cfg(feature = "serde")]
impl KeptWindow {
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Time(buckets) => buckets.counts.is_empty(),
            Self::Calls(calls) => calls.is_empty(),
        }
    }

    /// Makes the calls of a time window older by the time `passed`.
    pub(crate) fn after(self, passed: Duration) -> Self {
        match self {
            Self::Time(buckets) => Self::Time(buckets.after(passed)),
            Self::Calls(calls) => Self::Calls(calls),
        }
    }
}

#[derive(Debug)]
pub(crate) enum Window {
    Time(Buckets),
    Calls(LastCalls),
}

impl Window {
    /// Creates an empty window at `now`. `successes` is the number of successes since the circuit last closed or was
    /// reset. The window does not contain these earlier successes.
    pub(crate) fn new(span: Span, now: Tick, successes: u64, slow: bool) -> Self {
        match span {
            Span::Time(length) => Self::Time(Buckets::new(length, now, successes)),
            Span::Calls(calls) => Self::Calls(LastCalls::new(calls, successes, slow)),
        }
    }

    /// Adds the bits that mark slow calls if `slow` is true, or removes these bits if `slow` is false. Changes only a
    /// window with a fixed number of calls. These bits double the memory of the window, so a window has these bits only
    /// if the circuit counts slow calls.
    pub(crate) fn keep_slow(&mut self, slow: bool) {
        if let Self::Calls(last) = self {
            last.keep_slow(slow);
        }
    }

    /// Empties the window. In later calls of `update`, the argument `successes` counts from this restart.
    pub(crate) fn restart(&mut self, now: Tick) {
        match self {
            Self::Time(buckets) => buckets.restart(now),
            Self::Calls(last) => last.restart(),
        }
    }

    /// Removes expired calls, and adds the successes since the previous update. `successes` is the number of successes
    /// since the circuit last closed or was reset. This function must be called before `add` and `counts`.
    pub(crate) fn update(&mut self, now: Tick, successes: u64) {
        match self {
            Self::Time(buckets) => buckets.update(now, successes),
            Self::Calls(last) => last.update(successes),
        }
    }

    /// Adds a call that failed or was slow. The arguments `failed` and `slow` may both be true. A success that is not
    /// slow needs no call of `add`, because the next call of `update` adds the success.
    pub(crate) fn add(&mut self, failed: bool, slow: bool) {
        match self {
            Self::Time(buckets) => buckets.add(failed, slow),
            Self::Calls(last) => last.add(failed, slow),
        }
    }

    /// Excludes one success from this window, for example the success of a trial call of a half-open circuit. Without
    /// this function, the next call of `update` would add the success.
    pub(crate) fn leave_out_success(&mut self) {
        match self {
            Self::Time(buckets) => buckets.leave_out_success(),
            Self::Calls(last) => last.leave_out_success(),
        }
    }

    pub(crate) fn counts(&self, successes: u64) -> Counts {
        match self {
            Self::Time(buckets) => buckets.counts(successes),
            Self::Calls(last) => last.counts(),
        }
    }

    /// Returns the numbers of calls that the window would contain after an update at `now`.
    pub(crate) fn look(&self, now: Tick, successes: u64) -> Counts {
        match self {
            Self::Time(buckets) => {
                let mut copy = *buckets;
                copy.update(now, successes);
                copy.counts(successes)
            }
            Self::Calls(last) => last.look(successes),
        }
    }

    /// Returns the calls in the window at `now`, for a snapshot.
    #[cfg(feature = "serde")]
    pub(crate) fn keep(&self, now: Tick, successes: u64) -> KeptWindow {
        match self {
            Self::Time(buckets) => KeptWindow::Time(buckets.keep(now, successes)),
            Self::Calls(last) => KeptWindow::Calls(last.keep(successes)),
        }
    }

    /// Returns whether the two windows have the same kind of limit: a length of time, or a number of calls.
    #[cfg(feature = "serde")]
    pub(crate) fn is_of_kind(&self, kept: &KeptWindow) -> bool {
        matches!((self, kept), (Self::Time(_), KeptWindow::Time(_)) | (Self::Calls(_), KeptWindow::Calls(_)))
    }

    /// Adds the calls of a snapshot to this empty window. If the window in the snapshot is of another kind, this window
    /// stays empty.
    #[cfg(feature = "serde")]
    pub(crate) fn restore(&mut self, kept: &KeptWindow, now: Tick) {
        match (self, kept) {
            (Self::Time(buckets), KeptWindow::Time(kept)) => buckets.restore(kept, now),
            (Self::Calls(last), KeptWindow::Calls(kept)) => last.restore(kept),
            (Self::Time(_), KeptWindow::Calls(_)) | (Self::Calls(_), KeptWindow::Time(_)) => {}
        }
    }

    /// Returns the next tick at which calls expire. Returns `None` if the window has a fixed number of calls, because
    /// these calls do not expire with time.
    pub(crate) fn due(&self) -> Option<Tick> {
        match self {
            Self::Time(buckets) => Some(buckets.end()),
            Self::Calls(_) => None,
        }
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_tenth_of_the_time_is_forgotten_at_once() {
        let begun = Tick::now();
        let second = |n| begun.after(Duration::from_secs(n));
        let mut window = Window::new(Span::Time(Duration::from_secs(10)), begun, 7, true);
        window.add(true, false);
        window.update(second(9), 9);
        window.add(false, true);
        assert_eq!(window.counts(10), Counts { total: 4, failures: 1, slow: 1 });
        window.update(second(10), 12);
        assert_eq!(window.counts(12), Counts { total: 3, failures: 0, slow: 1 }, "the first second is over");
        assert_eq!(window.due(), Some(second(11)));
        window.update(second(3), 12);
        assert_eq!(window.due(), Some(second(11)), "and does not come back");
        window.update(second(1000), 12);
        assert_eq!(window.counts(12), Counts::default());
    }

    #[test]
    fn a_call_that_is_slow_and_one_that_failed_are_among_the_last() {
        let now = Tick::now();
        let mut window = Window::new(Span::Calls(3), now, 0, true);
        window.add(true, true);
        window.update(now, 1);
        window.add(false, true);
        assert_eq!(window.counts(2), Counts { total: 3, failures: 1, slow: 2 });
        window.update(now, 2);
        assert_eq!(window.counts(2), Counts { total: 3, failures: 1, slow: 2 }, "it has its bit");
        window.update(now, 3);
        assert_eq!(window.counts(3), Counts { total: 3, failures: 0, slow: 1 });
    }

    #[test]
    fn look_equals_update_and_changes_nothing() {
        let begun = Tick::now();
        let second = |n| begun.after(Duration::from_secs(n));
        for span in [Span::Time(Duration::from_secs(10)), Span::Calls(7)] {
            for (at, successes) in [(0, 0), (3, 2), (9, 4), (10, 6), (11, 8), (40, 9)] {
                let mut window = Window::new(span, begun, 0, true);
                window.add(true, true);
                window.update(second(1), 1);
                window.add(true, false);
                let before = window.counts(1);
                let seen = window.look(second(at), successes.max(1));
                assert_eq!(window.look(second(1), 1), before, "a look changes nothing");
                window.update(second(at), successes.max(1));
                assert_eq!(window.counts(successes.max(1)), seen, "{span:?} after {at} s");
            }
        }
    }

    #[test]
    fn left_out_success_is_not_counted() {
        let now = Tick::now();
        for span in [Span::Time(Duration::from_secs(10)), Span::Calls(7)] {
            let mut window = Window::new(span, now, 0, false);
            window.add(true, false);
            window.leave_out_success();
            assert_eq!(window.look(now, 1), Counts { total: 1, failures: 1, slow: 0 });
        }
    }

    #[test]
    fn slow_calls_count_from_the_rule_that_needs_them() {
        let now = Tick::now();
        let mut window = Window::new(Span::Calls(3), now, 0, false);
        window.add(true, true);
        window.keep_slow(true);
        window.add(true, true);
        assert_eq!(window.counts(0), Counts { total: 2, failures: 2, slow: 1 });
        window.add(true, false);
        window.add(true, false);
        window.add(true, false);
        assert_eq!(window.counts(0), Counts { total: 3, failures: 3, slow: 0 });
    }
}
