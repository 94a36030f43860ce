//! The window of a rule: the last calls, or the calls of the last seconds.
//!
//! A window records failures and slow calls only. Threads count all other successes. An update receives the number of
//! successes since the circuit was closed, and adds the growth since the last update. A success therefore costs
//! nothing, and the cost of a window does not grow with its calls.

use std::time::Duration;

use crate::base::clock::{SKEW, Tick, nanos};
use crate::circuit::settings::{Limit, Span};

/// The number of calls in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) total: u64,
    pub(crate) failures: u64,
    pub(crate) slow: u64,
}

impl Counts {
    /// Returns the reason to open the circuit, if these calls reach the limit. A slow success counts for `slow_rate`
    /// only.
    pub(crate) fn reached(&self, limit: &Limit, failed: bool) -> Option<&'static str> {
        match *limit {
            Limit::Failures(threshold) => (failed && self.failures >= u64::from(threshold)).then_some("threshold"),
            Limit::Rates { min_calls, .. } if self.total < u64::from(min_calls) => None,
            Limit::Rates { failure_rate, slow_rate, .. } => {
                let over = |part: u64, rate: Option<f64>| rate.is_some_and(|rate| self.share(part) >= rate);
                if failed && over(self.failures, failure_rate) {
                    Some("failure_rate")
                } else if over(self.slow, slow_rate) {
                    Some("slow_rate")
                } else {
                    None
                }
            }
        }
    }

    /// Divides, because a quotient rounds as the literal does: 3 / 30 equals 0.1. The product 0.1 * 30 rounds differently.
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53 calls")]
    fn share(&self, part: u64) -> f64 {
        part as f64 / self.total as f64
    }
}

#[derive(Debug)]
pub(crate) enum Window {
    Time(Buckets),
    Calls(Last),
}

impl Window {
    /// Creates a window that starts now, after this number of successes.
    pub(crate) fn new(span: Span, now: Tick, successes: u64, slow: bool) -> Self {
        match span {
            Span::Time(length) => Self::Time(Buckets::new(length, now, successes)),
            Span::Calls(calls) => Self::Calls(Last::new(calls, successes, slow)),
        }
    }

    /// Adds bits for slow calls if a rule needs them. They double the memory of the window.
    pub(crate) fn keep_slow(&mut self, slow: bool) {
        if let Self::Calls(last) = self {
            last.keep_slow(slow);
        }
    }

    /// Clears the window. The count of successes starts at zero again.
    pub(crate) fn restart(&mut self, now: Tick) {
        match self {
            Self::Time(buckets) => buckets.restart(now),
            Self::Calls(last) => last.restart(),
        }
    }

    /// Removes expired calls. Each caller does this before it adds or counts calls.
    pub(crate) fn update(&mut self, now: Tick, successes: u64) {
        match self {
            Self::Time(buckets) => buckets.update(now, successes),
            Self::Calls(last) => last.update(successes),
        }
    }

    /// Adds a call that was a failure, or slow, or both. The next update adds all other successes.
    pub(crate) fn add(&mut self, failed: bool, slow: bool) {
        match self {
            Self::Time(buckets) => buckets.add(failed, slow),
            Self::Calls(last) => last.add(failed, slow),
        }
    }

    /// Leaves one success out of the window, although the number of successes at the next update includes it.
    pub(crate) fn leave_out_success(&mut self) {
        match self {
            Self::Time(buckets) => buckets.leave_out_success(),
            Self::Calls(last) => last.successes += 1,
        }
    }

    pub(crate) fn counts(&self, successes: u64) -> Counts {
        match self {
            Self::Time(buckets) => buckets.counts(successes),
            Self::Calls(last) => last.counts(),
        }
    }

    /// Returns the counts at this tick, and changes nothing.
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

    /// Returns the earliest tick at which a call expires.
    pub(crate) fn due(&self) -> Option<Tick> {
        match self {
            Self::Time(buckets) => Some(buckets.end()),
            Self::Calls(_) => None,
        }
    }
}

const BUCKETS: usize = 10;

/// A window of time in ten buckets. The current bucket is still filling, so the window covers between nine tenths of its length
/// and all of it.
///
/// The design follows the sliding window of Hystrix, and of Netflix's Servo before it. It has no bucket for successes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buckets {
    begun: Tick,
    /// The length of one bucket.
    nanos: u64,
    /// The number of the current bucket, counted from `begun`.
    index: u64,
    ring: [Bucket; BUCKETS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// The number of successes before this bucket began.
    before: u64,
    failures: u64,
    slow: u64,
}

impl Buckets {
    fn new(length: Duration, begun: Tick, successes: u64) -> Self {
        let bucket = Bucket { before: successes, ..Bucket::default() };
        Self { begun, nanos: nanos(length).div_ceil(BUCKETS as u64).max(1), index: 0, ring: [bucket; BUCKETS] }
    }

    /// Returns the total length of so many buckets.
    fn time(&self, buckets: u64) -> Duration {
        Duration::from_nanos(self.nanos.saturating_mul(buckets))
    }

    fn restart(&mut self, now: Tick) {
        self.begin(now, 0);
    }

    fn begin(&mut self, now: Tick, successes: u64) {
        let bucket = Bucket { before: successes, ..Bucket::default() };
        *self = Self { begun: now, nanos: self.nanos, index: 0, ring: [bucket; BUCKETS] };
    }

    #[expect(clippy::cast_possible_truncation, reason = "below the number of buckets")]
    const fn place(index: u64) -> usize {
        (index % BUCKETS as u64) as usize
    }

    fn update(&mut self, now: Tick, successes: u64) {
        // If a clock far ahead has updated this window, the window starts again. Otherwise nothing would expire for a long time
        // by the caller's clock.
        let current = self.begun.after(self.time(self.index));
        if current.since(now) > self.time(BUCKETS as u64).max(SKEW) {
            self.begin(now, successes);
        }
        // A reading that is slightly behind an earlier one must not make an earlier bucket current again.
        let index = (nanos(now.since(self.begun)) / self.nanos).max(self.index);
        let passed = (index - self.index).min(BUCKETS as u64);
        for fresh in index - passed..index {
            self.ring[Self::place(fresh + 1)] = Bucket { before: successes, ..Bucket::default() };
        }
        self.index = index;
    }

    fn add(&mut self, failed: bool, slow: bool) {
        let bucket = &mut self.ring[Self::place(self.index)];
        bucket.failures += u64::from(failed);
        bucket.slow += u64::from(slow);
    }

    fn leave_out_success(&mut self) {
        for bucket in &mut self.ring {
            bucket.before += 1;
        }
    }

    fn counts(&self, successes: u64) -> Counts {
        let failures = self.ring.iter().map(|bucket| bucket.failures).sum();
        let slow = self.ring.iter().map(|bucket| bucket.slow).sum();
        // The next bucket replaces the oldest one.
        let oldest = &self.ring[Self::place(self.index + 1)];
        Counts { total: failures + successes.saturating_sub(oldest.before), failures, slow }
    }

    fn end(&self) -> Tick {
        self.begun.after(self.time(self.index + 1))
    }
}

/// A window of calls, with one bit for each call.
#[derive(Debug)]
pub(crate) struct Last {
    /// The number of successes that have a bit.
    successes: u64,
    calls: u64,
    failed: Bits,
    /// The bits of slow calls; present if slow calls count.
    slow: Option<Bits>,
}

impl Last {
    fn new(length: u32, successes: u64, slow: bool) -> Self {
        let mut last = Self { successes, calls: 0, failed: Bits::new(length), slow: None };
        last.keep_slow(slow);
        last
    }

    /// All calls in the window count as not slow at first.
    fn keep_slow(&mut self, slow: bool) {
        if !slow {
            self.slow = None;
        } else if self.slow.is_none() {
            self.slow = Some(Bits { words: self.failed.words.iter().map(|_| 0).collect(), ones: 0, ..self.failed });
        }
    }

    fn restart(&mut self) {
        self.successes = 0;
        self.calls = 0;
        self.failed.clear();
        if let Some(slow) = &mut self.slow {
            slow.clear();
        }
    }

    fn update(&mut self, successes: u64) {
        let fresh = successes.saturating_sub(self.successes);
        self.successes = successes;
        self.advance(fresh);
    }

    fn advance(&mut self, calls: u64) {
        self.calls += calls;
        self.failed.advance(calls);
        if let Some(slow) = &mut self.slow {
            slow.advance(calls);
        }
    }

    fn add(&mut self, failed: bool, slow: bool) {
        self.advance(1);
        // This success has its bit now. The next update must not add another one.
        self.successes += u64::from(!failed);
        if failed {
            self.failed.set_last();
        }
        if let (true, Some(bits)) = (slow, &mut self.slow) {
            bits.set_last();
        }
    }

    fn counts(&self) -> Counts {
        self.look(self.successes)
    }

    fn look(&self, successes: u64) -> Counts {
        let fresh = successes.saturating_sub(self.successes);
        Counts {
            total: (self.calls + fresh).min(self.failed.length),
            failures: self.failed.ones_after(fresh),
            slow: self.slow.as_ref().map_or(0, |slow| slow.ones_after(fresh)),
        }
    }
}

/// A ring of bits, and the number of its ones.
#[derive(Debug)]
struct Bits {
    words: Box<[u64]>,
    length: u64,
    next: u64,
    ones: u64,
}

impl Bits {
    fn new(length: u32) -> Self {
        let length = u64::from(length.max(1));
        let words = (0..length.div_ceil(64)).map(|_| 0).collect();
        Self { words, length, next: 0, ones: 0 }
    }

    fn clear(&mut self) {
        self.words.fill(0);
        self.ones = 0;
    }

    /// Returns the index of the word that contains a bit, and the position of the bit in the word.
    fn at(bit: u64) -> (usize, u32) {
        (usize::try_from(bit / 64).unwrap_or(usize::MAX), u32::try_from(bit % 64).unwrap_or(0))
    }

    /// Calls `each` for the words of the next bits, with the index of the word and a mask. Returns the position after
    /// these bits.
    fn each_word(&self, bits: u64, mut each: impl FnMut(usize, u64)) -> u64 {
        let (mut next, mut left) = (self.next, bits.min(self.length));
        while left > 0 {
            let step = left.min(64 - next % 64).min(self.length - next);
            let (word, bit) = Self::at(next);
            each(word, (u64::MAX >> (64 - step)) << bit);
            next = (next + step) % self.length;
            left -= step;
        }
        next
    }

    /// Returns the number of ones that would remain if the next `bits` bits were cleared.
    fn ones_after(&self, bits: u64) -> u64 {
        let mut ones = self.ones;
        self.each_word(bits, |word, mask| ones -= u64::from((self.words[word] & mask).count_ones()));
        ones
    }

    /// Clears the next bits.
    fn advance(&mut self, bits: u64) {
        self.ones = self.ones_after(bits);
        let mut words = std::mem::take(&mut self.words);
        self.next = self.each_word(bits, |word, mask| words[word] &= !mask);
        self.words = words;
    }

    /// Sets the bit that was cleared last.
    fn set_last(&mut self) {
        let (word, bit) = Self::at((self.next + self.length - 1) % self.length);
        self.words[word] |= 1 << bit;
        self.ones += 1;
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn bits_remember_as_many_as_they_are() {
        for length in [1, 2, 63, 64, 65, 127, 128, 200] {
            let mut bits = Bits::new(length);
            let mut plain = vec![false; length as usize];
            for step in 0..2000_u64 {
                // The steps are far apart, adjacent, or a whole turn of the ring.
                let skip = [0, 0, 1, 0, 5, 64, 0, 63, 130, 0][(step % 10) as usize];
                bits.advance(skip);
                plain.extend((0..skip).map(|_| false));
                bits.advance(1);
                if step % 3 != 0 {
                    bits.set_last();
                }
                plain.push(step % 3 != 0);
                let last = &plain[plain.len() - length as usize..];
                assert_eq!(bits.ones, last.iter().filter(|bit| **bit).count() as u64, "{length} bits, step {step}");
            }
        }
    }

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
