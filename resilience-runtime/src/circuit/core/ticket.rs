use std::fmt;

use crate::base::packed::{join, split};

/// Identifies the admission of a call. A ticket contains the generation that admitted the call and, for a trial, the
/// number of its lease. A generation lasts from one state change to the next. A lease is the time limit of a trial.
///
/// The outcome affects the circuit only in the same generation. A trial that outlived its lease no longer owns its
/// slot.
///
/// The two numbers share one `u64`, which stays in a register. Two fields would be written to memory and read again
/// with another width. The resulting store-forwarding stall costs more than the rest of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// The value in place of a lease number, if the call is no trial and the rule does not depend on the times of
    /// calls.
    pub(crate) const NO_TRIAL: u32 = 0;
    /// The value in place of a lease number, if the call is no trial and the rule depends on the times of calls.
    pub(crate) const TIMED: u32 = 2;
    /// Takes the place of a lease, for a call in a second or later attempt of a retry or a hedge.
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

    /// Returns the ticket of the same call in a second or later attempt. A trial keeps its ticket.
    pub(crate) const fn repeated(self) -> Self {
        if self.is_trial() { self } else { Self::new(self.generation(), Self::REPEAT) }
    }

    pub(crate) const fn is_repeat(self) -> bool {
        self.lease() == Self::REPEAT
    }

    /// The number of the first lease of a breaker. Leases have odd numbers, so that the lowest bit identifies a trial.
    /// The test for a trial must be cheap, because each poll of a body makes it twice.
    pub(crate) const FIRST_LEASE: u16 = 1;

    /// Returns the number of the lease after `lease`. The numbers repeat after 32,768 leases. By then the earlier lease
    /// with the same number has ended.
    pub(crate) const fn next_lease(lease: u16) -> u16 {
        lease.wrapping_add(2)
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("generation", &self.generation()).field("lease", &self.lease()).finish()
    }
}
