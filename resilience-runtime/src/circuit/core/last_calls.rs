//! Implements the window of the latest calls. The option `calls` is the number of calls in the window.

use crate::circuit::core::counts::Counts;

/// A window of the latest calls that have ended. Each call in the window has one bit, which is set if the call failed.
/// If the circuit has a limit for slow calls, each call has a second bit, which is set if the call was slow.
#[derive(Debug)]
pub(crate) struct LastCalls {
    /// The number of successes since the circuit last closed or was reset, as of the last update of this window.
    successes: u64,
    calls: u64,
    failed: Bits,
    /// The bits of slow calls, or `None` if the circuit does not count slow calls.
    slow: Option<Bits>,
}

impl LastCalls {
    pub(crate) fn new(length: u32, successes: u64, slow: bool) -> Self {
        let mut last = Self { successes, calls: 0, failed: Bits::new(length), slow: None };
        last.keep_slow(slow);
        last
    }

    /// Ensures that the window has bits for slow calls if `slow` is true, and has no bits for slow calls if `slow` is
    /// false. New bits are clear, so no earlier call counts as slow.
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
        // `advance` has already added a bit for this call. Counting a success here prevents `update` from adding a
        // second bit.
        self.successes += u64::from(!failed);
        if failed {
            self.failed.set_last();
        }
        if let (true, Some(bits)) = (slow, &mut self.slow) {
            bits.set_last();
        }
    }

    pub(crate) fn leave_out_success(&mut self) {
        self.successes += 1;
    }

    pub(crate) fn counts(&self) -> Counts {
        self.look(self.successes)
    }

    /// Returns a symbol (a character) for each call in the window, the oldest call first.
    #[cfg(feature = "serde")]
    pub(crate) fn keep(&self, successes: u64) -> String {
        let fresh = successes.saturating_sub(self.successes);
        let calls = (self.calls + fresh).min(self.failed.length);
        // Leaves out the oldest bits, which the successes since the last update would replace.
        let known = calls.saturating_sub(fresh);
        let ended = |place: u64| {
            let is_set = |bits: &Bits| bits.is_set((bits.next + place) % bits.length);
            symbol(is_set(&self.failed), self.slow.as_ref().is_some_and(is_set))
        };
        let known_calls = (self.failed.length - known..self.failed.length).map(ended);
        known_calls.chain((known..calls).map(|_| symbol(false, false))).collect()
    }

    /// Adds the calls in `kept`, which come from a snapshot, to this window. The window must be empty. If the window is
    /// too short for all these calls, adds only the newest calls.
    #[cfg(feature = "serde")]
    pub(crate) fn restore(&mut self, kept: &str) {
        let length = usize::try_from(self.failed.length).unwrap_or(usize::MAX);
        for symbol in kept.get(kept.len().saturating_sub(length)..).unwrap_or_default().chars() {
            let Some((failed, slow)) = of_symbol(symbol) else { continue };
            self.advance(1);
            if failed {
                self.failed.set_last();
            }
            if let (true, Some(bits)) = (slow, &mut self.slow) {
                bits.set_last();
            }
        }
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

/// The symbols of calls in a snapshot: a success, a failure, a slow success, and a slow failure.
#[cfg(feature = "serde")]
const SYMBOLS: [char; 4] = ['.', 'F', 's', 'S'];

#[cfg(feature = "serde")]
fn symbol(failed: bool, slow: bool) -> char {
    SYMBOLS[usize::from(failed) + 2 * usize::from(slow)]
}

/// Returns whether the call with this symbol failed, and whether the call was slow. Returns `None` if `symbol` is not
/// in [`SYMBOLS`].
#[cfg(feature = "serde")]
pub(crate) fn of_symbol(symbol: char) -> Option<(bool, bool)> {
    let index = SYMBOLS.iter().position(|known| *known == symbol)?;
    Some((index % 2 == 1, index / 2 == 1))
}

/// A ring buffer of bits. `ones` is the number of bits that are set, and `next` is the position of the oldest bit.
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

    /// Returns the index of the `u64` that contains the bit number `bit`, and the position of this bit in the `u64`.
    fn at(bit: u64) -> (usize, u32) {
        (usize::try_from(bit / 64).unwrap_or(usize::MAX), u32::try_from(bit % 64).unwrap_or(0))
    }

    /// Visits the `bits` oldest bits of the ring, or all bits if the ring is shorter. Calls `each` with the index of a
    /// `u64` and a mask of the visited bits in this `u64`. Returns the position of the first bit after the visited
    /// bits.
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

    #[cfg(feature = "serde")]
    fn is_set(&self, bit: u64) -> bool {
        let (word, bit) = Self::at(bit);
        self.words.get(word).is_some_and(|word| word & (1 << bit) != 0)
    }

    /// Returns the number of set bits that would remain if the `bits` oldest bits were cleared.
    fn ones_after(&self, bits: u64) -> u64 {
        let mut ones = self.ones;
        self.each_word(bits, |word, mask| ones -= u64::from((self.words[word] & mask).count_ones()));
        ones
    }

    /// Clears the `bits` oldest bits, which thereby become the newest bits of the ring.
    fn advance(&mut self, bits: u64) {
        self.ones = self.ones_after(bits);
        let mut words = std::mem::take(&mut self.words);
        self.next = self.each_word(bits, |word, mask| words[word] &= !mask);
        self.words = words;
    }

    /// Sets the newest bit of the ring, which is at the position before `next`.
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
                // Of the rings in this test, only the ring of 200 bits is longer than a skip of 130 bits.
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
