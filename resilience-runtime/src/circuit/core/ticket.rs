use std::fmt;

use crate::base::packed::{join, split};

/// Identifies the state of the circuit in which a call was admitted. A ticket contains a generation, which is the
/// number of state changes before the admission. The ticket of a trial call (a call of a half-open circuit) also
/// contains the number of a lease. A lease is a time limit for trial calls.
///
/// The outcome of a call affects the circuit only if the generation is still the same when the call ends. When trial
/// calls exceed their lease, the circuit no longer counts these trial calls as running. The next trial call gets a new
/// lease number. An old lease number therefore identifies an expired trial call.
///
/// The generation and the lease number share one `u64`, which stays in a register. Two `u32` fields would be written to
/// memory as 32-bit values, and then read as one 64-bit value. The resulting store-forwarding stall takes more time
/// than the rest of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// The lower 32 bits of an ordinary ticket. The call is not a trial call, and the circuit and the events need only
    /// the outcome of the call.
    pub(crate) const NO_TRIAL: u32 = 0;
    /// The lower 32 bits of the ticket of a timed call. The call is not a trial call, and the circuit or an event needs
    /// more than the outcome of the call, for example the duration.
    pub(crate) const TIMED: u32 = 2;
    /// The lower 32 bits of the ticket of a repeated call. The call is not a trial call, and belongs to a second or
    /// later attempt of a retry or a hedge.
    const REPEAT: u32 = 4;

    #[inline]
    pub(crate) const fn new(generation: u32, lease: u32) -> Self {
        Self(join(generation, lease))
    }

    #[inline]
    pub(crate) const fn generation(self) -> u32 {
        split(self.0).0
    }

    #[inline]
    pub(crate) const fn lease(self) -> u32 {
        split(self.0).1
    }

    #[inline]
    pub(crate) const fn is_trial(self) -> bool {
        self.lease() & 1 != 0
    }

    /// Returns the ticket of a timed call. If this ticket is not an ordinary ticket, returns the ticket unchanged.
    pub(crate) const fn timed(self) -> Self {
        if self.is_ordinary() { Self::new(self.generation(), Self::TIMED) } else { self }
    }

    /// Returns whether the circuit and the events need only the outcome of the call.
    #[inline]
    pub(crate) const fn is_ordinary(self) -> bool {
        self.lease() == Self::NO_TRIAL
    }

    /// Returns the ticket of a call that belongs to a second or later attempt of a retry or a hedge. If this ticket
    /// belongs to a trial call, returns the ticket unchanged.
    pub(crate) const fn repeated(self) -> Self {
        if self.is_trial() { self } else { Self::new(self.generation(), Self::REPEAT) }
    }

    pub(crate) const fn is_repeat(self) -> bool {
        self.lease() == Self::REPEAT
    }

    /// The number of the first lease (a time limit of trial calls) of a breaker. All lease numbers are odd, so that the
    /// lowest bit of a ticket identifies a trial call. Each poll of a call's body tests this bit twice, so the test
    /// must be cheap.
    pub(crate) const FIRST_LEASE: u16 = 1;

    /// Returns the number of the lease (a time limit of trial calls) that follows the lease with the number `lease`.
    /// The numbers repeat after 32,768 leases. When a number repeats, the previous lease with this number has ended
    /// long ago.
    pub(crate) const fn next_lease(lease: u16) -> u16 {
        lease.wrapping_add(2)
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("generation", &self.generation()).field("lease", &self.lease()).finish()
    }
}
