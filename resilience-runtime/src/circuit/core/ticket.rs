use std::fmt;

use crate::base::packed::{join, split};

/// The admission of a call: the generation that admitted it, and the lease of a trial's slot.
///
/// The outcome counts in this generation only. A slot that was freed because its trial did not end belongs to an older lease.
///
/// One word stays in one register. Two halves would go through memory and be read in other pieces than they were written in,
/// which costs more than the rest of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// Marks, in place of a lease, a call through a circuit that only counts.
    pub(crate) const NO_TRIAL: u32 = 0;
    /// Marks, in place of a lease, a call that is no trial and whose time counts.
    pub(crate) const TIMED: u32 = 2;

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

    /// The first lease of a breaker. Leases are odd, so that one bit tells a trial: each poll of a body asks twice.
    pub(crate) const FIRST_LEASE: u16 = 1;

    /// Returns the lease after this one. A lease is long forgotten when its number comes round.
    pub(crate) const fn next_lease(lease: u16) -> u16 {
        lease.wrapping_add(2)
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("generation", &self.generation()).field("lease", &self.lease()).finish()
    }
}
