use std::fmt;
use std::time::Duration;

use crate::base::clock::nanos;
use crate::base::packed::{join, split};

/// Identifies the state that a circuit had when it admitted a call. A ticket contains a generation, which is the number
/// of the circuit's state changes before the admission. The ticket of a trial call (a call of a half-open circuit) also
/// contains the number of a lease. A lease is a time limit that all running trial calls share.
///
/// The outcome of a call affects the circuit only if the generation is still the same when the call ends. After a lease
/// has ended, the next trial call gets a new lease number. The circuit then no longer counts the trial calls with the
/// old number as running.
///
/// For the option `hung_after`, the ticket also contains the time from the start of the call to the first wait of its
/// body. A lease number has only 16 bits, so the bits 16 to 31 of the ticket are free for this time.
///
/// The generation and the lease number share one `u64`, which stays in a register. Two `u32` fields would be written to
/// memory as 32-bit values, and then read as one 64-bit value. The resulting store-forwarding stall takes more time
/// than the rest of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// The lower 32 bits of the ticket of an ordinary call, which is neither a trial call, nor timed, nor repeated.
    pub(crate) const NO_TRIAL: u32 = 0;
    /// The lower 32 bits of the ticket of a timed call that is not a trial call. For a timed call, the circuit or an
    /// event needs more than the outcome, for example the duration.
    pub(crate) const TIMED: u32 = 2;
    /// The lower 32 bits of the ticket of a repeated call that is not a trial call. A repeated call belongs to a second
    /// or later attempt of a retry or a hedge.
    const REPEAT: u32 = 4;
    /// The position of the lowest of 16 bits in the ticket. These bits contain the time from the start of the call to
    /// the first poll of the body that returned `Pending`.
    const UNTIL_WAIT: u32 = 16;
    /// The ticket stores the time until the first wait in whole milliseconds if this time is below `1 << MILLIS`
    /// milliseconds (32.768 s). A longer time is rounded up to a step. Each range from one power of two to the next
    /// is divided into `1 << STEPS` equal steps.
    const MILLIS: u32 = 15;
    const STEPS: u32 = 11;
    /// The bits of a time until the first wait that the ticket cannot contain.
    const TOO_LONG: u64 = u16::MAX as u64;

    #[inline]
    pub(crate) const fn new(generation: u32, lease: u32) -> Self {
        Self(join(generation, lease))
    }

    #[inline]
    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    #[inline]
    pub(crate) const fn generation(self) -> u32 {
        split(self.0).0
    }

    #[inline]
    pub(crate) const fn lease(self) -> u32 {
        split(self.0).1 & u16::MAX as u32
    }

    /// Returns this ticket without the time until the first wait of the body.
    pub(crate) const fn at_admission(self) -> Self {
        Self::new(self.generation(), self.lease())
    }

    /// Records that the body of the call waits for the first time. `time` is the time since the start of the call. The
    /// ticket contains whole milliseconds up to 32.768 s. Above this time, the precision is a 2,048th of the time. The
    /// ticket rounds the time up, so that a call never seems to hang too early.
    pub(crate) fn waited_after(self, time: Duration) -> Self {
        let millis = nanos(time).div_ceil(1_000_000);
        let bits = match millis.checked_ilog2().and_then(|log| log.checked_sub(Self::MILLIS)) {
            None => millis,
            Some(octave) => {
                let steps = millis.div_ceil(1 << (octave + Self::MILLIS - Self::STEPS)) - (1 << Self::STEPS);
                (1 << Self::MILLIS) + (u64::from(octave) << Self::STEPS) + steps
            }
        };
        Self(self.at_admission().0 | (bits + 1).min(Self::TOO_LONG) << Self::UNTIL_WAIT)
    }

    /// Returns the time from the start of the call to the first wait of its body, or `None` if the body has not waited.
    /// Returns `Duration::MAX` for a time above 24 days.
    pub(crate) fn until_wait(self) -> Option<Duration> {
        let bits = u64::from(split(self.0).1 >> Self::UNTIL_WAIT);
        if bits == Self::TOO_LONG {
            return Some(Duration::MAX);
        }
        let bits = bits.checked_sub(1)?;
        let millis = match bits.checked_sub(1 << Self::MILLIS) {
            None => bits,
            Some(beyond) => {
                let (octave, steps) = (beyond >> Self::STEPS, beyond % (1 << Self::STEPS));
                (1 << Self::STEPS | steps) << (octave + u64::from(Self::MILLIS - Self::STEPS))
            }
        };
        Some(Duration::from_millis(millis))
    }

    #[inline]
    pub(crate) const fn is_trial(self) -> bool {
        self.lease() & 1 != 0
    }

    /// Marks the call as timed. Returns the ticket of a trial call or of a repeated call unchanged.
    pub(crate) const fn timed(self) -> Self {
        if self.is_ordinary() { Self::new(self.generation(), Self::TIMED) } else { self }
    }

    /// Returns whether the call is neither a trial call, nor timed, nor repeated.
    #[inline]
    pub(crate) const fn is_ordinary(self) -> bool {
        self.lease() == Self::NO_TRIAL
    }

    /// Marks the call as a second or later attempt of a retry or a hedge. Returns the ticket of a trial call unchanged.
    pub(crate) const fn repeated(self) -> Self {
        if self.is_trial() { self } else { Self::new(self.generation(), Self::REPEAT) }
    }

    pub(crate) const fn is_repeat(self) -> bool {
        self.lease() == Self::REPEAT
    }

    /// The number of the first lease of a breaker. All lease numbers are odd, so that the lowest bit of a ticket
    /// identifies a trial call. Each poll of a call's body tests this bit twice, so the test must be cheap.
    pub(crate) const FIRST_LEASE: u16 = 1;

    /// Returns the lease number that follows `lease`. The numbers repeat after 32,768 leases. When a number repeats,
    /// the previous lease with this number has ended long ago.
    pub(crate) const fn next_lease(lease: u16) -> u16 {
        lease.wrapping_add(2)
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("generation", &self.generation()).field("lease", &self.lease()).finish()
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn ticket_contains_time_until_wait() {
        let ticket = Ticket::new(7, 9);
        assert_eq!(ticket.until_wait(), None);
        for (nanos, contained) in [
            (0, 0),
            (1, 1),
            (1_000_000, 1),
            (1_000_001, 2),
            (32_767_000_000, 32_767),
            (32_767_000_001, 32_768),
            (32_768_000_000, 32_768),
            (32_768_000_001, 32_784),
            (32_784_000_000, 32_784),
            (65_520_000_001, 65_536),
            (65_536_000_000, 65_536),
            (65_536_000_001, 65_568),
            (4_093_000_000 << 19, 4_093 << 19),
        ] {
            let waited = ticket.waited_after(Duration::from_nanos(nanos));
            assert_eq!(waited.until_wait(), Some(Duration::from_millis(contained)), "{nanos}");
            assert_eq!((waited.generation(), waited.lease(), waited.is_trial()), (7, 9, true));
            assert_eq!(waited.at_admission(), ticket);
        }
        let too_long = ticket.waited_after(Duration::from_nanos((4_093_000_000 << 19) + 1));
        assert_eq!(too_long.until_wait(), Some(Duration::MAX));
    }
}
