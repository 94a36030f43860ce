use std::fmt;

use crate::base::packed::{join, split};

/// The admission of a call: the generation that admitted it, and, for a trial, the lease of its slot. A lease is the
/// time limit of a trial.
///
/// The outcome counts only in this generation: each state change begins a new one. A trial that outlived its lease no
/// longer owns its slot.
///
/// The two numbers share one word, which stays in a register. Two fields would be written and read in memory with
/// different widths. This store-forwarding stall costs more than the rest of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// Takes the place of a lease, for a call that is no trial and whose duration does not count.
    pub(crate) const NO_TRIAL: u32 = 0;
    /// Takes the place of a lease, for a call that is no trial and whose duration counts.
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

    /// The number of the first lease of a breaker. Leases have odd numbers, so that one bit identifies a trial: each
    /// poll of a body checks this twice.
    pub(crate) const FIRST_LEASE: u16 = 1;

    /// Returns the number of the next lease. The numbers repeat after 32,768 leases. By then the earlier lease with the
    /// same number has ended.
    pub(crate) const fn next_lease(lease: u16) -> u16 {
        lease.wrapping_add(2)
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("generation", &self.generation()).field("lease", &self.lease()).finish()
    }
}
