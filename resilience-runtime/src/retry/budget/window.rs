//! Counts the calls and the retries of a budget in a window of time with the length [`RetryRatio::ttl`].
//!
//! The window consists of ten slots (periods of time) of equal length, each with its own counts. The number of a slot
//! is the time at its start, divided by the length of a slot. When a new slot begins, the oldest slot leaves the
//! window.

use std::time::Duration;

use crate::base::clock::{SKEW, Tick, nanos};
use crate::base::packed;
use crate::base::sync::statics::{AtomicU64, Ordering};
use crate::retry::budget::config::RetryRatio;

const SLOTS: u32 = 10;

/// The counts of calls and of retries in the window of a budget.
#[derive(Debug)]
pub(super) struct Window {
    calls: Slots,
    retries: Slots,
}

impl Window {
    pub(super) const fn new() -> Self {
        Self { calls: Slots::new(), retries: Slots::new() }
    }

    /// Compensates for the rounding of `RetryRatio::share` to a float. Without this constant, ten calls with a share of
    /// 0.3 could permit two retries instead of three.
    const ROUNDING: f64 = 1e-9;

    #[inline]
    pub(super) fn add_call(&self, ratio: &RetryRatio) {
        self.calls.add(ratio.slot());
    }

    /// Sets the counts of retries to zero, but keeps the counts of calls.
    pub(super) fn clear_retries(&self) {
        self.retries.clear();
    }

    /// Returns the number of retries that the budget would grant now, rounded down.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number that is not negative")]
    pub(super) fn tokens(&self, ratio: &RetryRatio) -> u64 {
        self.left(ratio, ratio.slot()) as u64
    }

    /// Returns the number of retries that the budget would grant now. The number is not rounded.
    fn left(&self, ratio: &RetryRatio, slot: Now) -> f64 {
        let reserve = f64::from(ratio.min_per_second) * ratio.ttl().as_secs_f64();
        // Does not use `clamp`, which would return NaN for a share of NaN.
        let share = if ratio.share > 0.0 { ratio.share.min(10.0) } else { 0.0 };
        share.mul_add(self.calls.sum(slot), reserve - self.retries.sum(slot) + Self::ROUNDING).max(0.0)
    }

    pub(super) fn take(&self, ratio: &RetryRatio) -> bool {
        loop {
            let slot = ratio.slot();
            let before = self.retries.word(slot).load(Ordering::Relaxed);
            if self.left(ratio, slot) < 1.0 {
                return false;
            }
            // If another thread has counted a retry since `before` was read, the exchange fails, and the loop computes
            // the remaining retries again. Two threads can both take the last retry if a new slot (a tenth of the
            // window) begins between their readings of the clock.
            let paid = (before, Slots::more(before, slot));
            if self.retries.word(slot).compare_exchange(paid.0, paid.1, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return true;
            }
        }
    }
}

impl RetryRatio {
    fn ttl(&self) -> Duration {
        self.ttl.clamp(Duration::from_millis(1), Duration::from_secs(24 * 60 * 60))
    }

    /// Returns the length of a slot (a tenth of the window) in nanoseconds.
    fn length(&self) -> u64 {
        nanos(self.ttl()) / u64::from(SLOTS)
    }

    /// Reads tokio's clock, and returns the number of the current slot (a tenth of the window).
    fn slot(&self) -> Now {
        let length = self.length();
        let ahead = (nanos(SKEW) / length).max(SLOTS.into());
        let number = Tick::now().to_bits() / length;
        // A slot number has 32 bits, so the numbers repeat after 2^32 slots: about five days with the shortest `ttl` of
        // 1 ms. The count of an old slot then looks current if the count of a later slot has not replaced it.
        #[expect(clippy::cast_possible_truncation, reason = "only the numbers of near slots are compared")]
        let now = Now { slot: number as u32, place: (number % u64::from(SLOTS)) as usize, ahead: ahead as u32 };
        now
    }
}

/// The number of the current slot (a tenth of the window), from a reading of tokio's clock.
#[derive(Clone, Copy, Debug)]
struct Now {
    slot: u32,
    /// The place of the slot in [`Slots`]. The place does not follow from the 32 bits of the field `slot`. Otherwise,
    /// when these bits wrap around, a new slot would take the place of a slot that is still in the window.
    place: usize,
    /// The largest possible distance, in slots, to a later slot in which another thread has already counted a call. A
    /// slot number at a greater distance comes from another clock, such as the paused clock of another test.
    ahead: u32,
}

impl Now {
    /// Returns whether the slot (a tenth of the window) with the number `slot` is 1 to `ahead` slots later than the
    /// current slot. A thread with a later reading of the clock may already use this slot.
    fn is_behind(self, slot: u32) -> bool {
        (1..=self.ahead).contains(&slot.wrapping_sub(self.slot))
    }

    /// Returns whether the slot (a period of time) with the number `slot` is in the window. The window contains the
    /// last ten slots, and later slots that other threads already use.
    fn counts(self, slot: u32) -> bool {
        self.slot.wrapping_sub(slot) < SLOTS || self.is_behind(slot)
    }
}

/// The counts of calls, or of retries, in the last ten slots (tenths of the window). The upper half of each `AtomicU64`
/// is the number of the slot, and the lower half is the count.
#[derive(Debug)]
struct Slots([AtomicU64; SLOTS as usize]);

impl Slots {
    const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; SLOTS as usize])
    }

    fn word(&self, now: Now) -> &AtomicU64 {
        &self.0[now.place]
    }

    fn add(&self, slot: Now) {
        let more = |word| Some(Self::more(word, slot));
        let _ = self.word(slot).fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// Adds one call or retry to the count in `word` (a slot number and a count), and returns the new word.
    ///
    /// Increments the count if `word` belongs to the current slot, or to a later slot that another thread already uses.
    /// If `word` belongs to an old slot, or its count is zero, the new word has the current slot and a count of one. A
    /// new window contains the slot number zero, which is later than the numbers before the wrap.
    fn more(word: u64, now: Now) -> u64 {
        let (slot, count) = packed::split(word);
        if slot == now.slot || count > 0 && now.is_behind(slot) {
            packed::join(slot, count.saturating_add(1))
        } else {
            packed::join(now.slot, 1)
        }
    }

    fn clear(&self) {
        self.0.iter().for_each(|word| word.store(0, Ordering::Relaxed));
    }

    fn sum(&self, now: Now) -> f64 {
        let counts = self.0.iter().map(|word| packed::split(word.load(Ordering::Relaxed)));
        counts.filter(|(slot, _)| now.counts(*slot)).map(|(_, count)| f64::from(count)).sum()
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn count(words: &Slots, slot: u32) -> u32 {
        words
            .0
            .iter()
            .map(|word| packed::split(word.load(Ordering::Relaxed)))
            .filter(|(of, _)| *of == slot)
            .map(|(_, n)| n)
            .sum()
    }

    #[test]
    fn late_thread_keeps_newer_slot() {
        for newest in [1_000, u32::MAX - SLOTS] {
            let slots = Slots::new();
            let at = |slot: u32| Now { slot, place: (slot % SLOTS) as usize, ahead: SLOTS };
            (0..5).for_each(|_| slots.add(at(newest)));
            slots.add(at(newest.wrapping_sub(SLOTS)));
            assert_eq!(count(&slots, newest), 6, "the late call counts in the newer slot");
            assert_eq!(slots.sum(at(newest.wrapping_sub(1))).to_bits(), 6_f64.to_bits(), "a late reader sees it");
            slots.add(at(newest.wrapping_add(SLOTS)));
            assert_eq!(
                (count(&slots, newest), count(&slots, newest.wrapping_add(SLOTS))),
                (0, 1),
                "an older slot goes"
            );
        }
    }

    /// The slot numbers wrap around after 2^32 slots, which is no multiple of the number of slots in the window.
    #[tokio::test(start_paused = true)]
    async fn window_counts_all_slots_when_slot_numbers_wrap() {
        let ratio = RetryRatio { ttl: Duration::from_millis(1), min_per_second: 10_000, share: 0.0 };
        let slot = Duration::from_nanos(ratio.length());
        let all = Tick::now().to_bits() / ratio.length();
        let before_wrap = (1 << u32::BITS) - all % (1 << u32::BITS) - 25;
        advance(slot * u32::try_from(before_wrap).unwrap()).await;
        let (window, mut granted) = (Window::new(), Vec::new());
        for number in 0..50 {
            // First fills the window evenly, so that each slot contains a retry.
            let attempts = if number < SLOTS { 1 } else { 3 };
            granted.push((0..attempts).filter(|_| window.take(&ratio)).count());
            advance(slot).await;
        }
        assert_eq!(granted, [1; 50], "ten retries in each window");
    }

    #[test]
    fn clock_far_behind_starts_slot_again() {
        let slots = Slots::new();
        slots.add(Now { slot: 1_000, place: 0, ahead: SLOTS });
        let behind = Now { slot: 1_000 - 2 * SLOTS, place: 0, ahead: SLOTS };
        slots.add(behind);
        assert_eq!((count(&slots, 1_000), count(&slots, behind.slot)), (0, 1));
    }

    #[test]
    fn skew_of_one_second_counts_slots_of_short_ttl() {
        let ratio = RetryRatio { ttl: Duration::from_millis(10), ..RetryRatio::DEFAULT };
        assert_eq!((ratio.slot().ahead, RetryRatio::DEFAULT.slot().ahead), (1_000, SLOTS));
    }
}
