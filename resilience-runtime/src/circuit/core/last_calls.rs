//! The window of a rule over the last calls.

use crate::circuit::core::counts::Counts;

/// A window of calls, with one bit for each call.
#[derive(Debug)]
pub(crate) struct LastCalls {
    /// The number of successes that have a bit.
    successes: u64,
    calls: u64,
    failed: Bits,
    /// The bits of slow calls; present if slow calls count.
    slow: Option<Bits>,
}

impl LastCalls {
    pub(crate) fn new(length: u32, successes: u64, slow: bool) -> Self {
        let mut last = Self { successes, calls: 0, failed: Bits::new(length), slow: None };
        last.keep_slow(slow);
        last
    }

    /// All calls in the window count as not slow at first.
    pub(crate) fn keep_slow(&mut self, slow: bool) {
        if !slow {
            self.slow = None;
        } else if self.slow.is_none() {
            self.slow = Some(Bits { words: self.failed.words.iter().map(|_| 0).collect(), ones: 0, ..self.failed });
        }
    }

    pub(crate) fn restart(&mut self) {
        self.successes = 0;
        self.calls = 0;
        self.failed.clear();
        if let Some(slow) = &mut self.slow {
            slow.clear();
        }
    }

    pub(crate) fn update(&mut self, successes: u64) {
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

    pub(crate) fn add(&mut self, failed: bool, slow: bool) {
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

    /// Leaves one success out, although the number of successes at the next update includes it.
    pub(crate) fn leave_out_success(&mut self) {
        self.successes += 1;
    }

    pub(crate) fn counts(&self) -> Counts {
        self.look(self.successes)
    }

    pub(crate) fn look(&self, successes: u64) -> Counts {
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
}
