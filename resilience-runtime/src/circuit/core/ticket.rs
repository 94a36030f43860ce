use std::fmt;

use crate::base::packed::{join, split};

/// What an admitted call remembers of its admission: the generation that admitted it, in which alone its verdict counts, and
/// the lease of a trial's slot. A slot that has been taken back because its trial did not end belongs to an older lease.
///
/// One word, so that it is kept, copied and returned in one register: in two halves it would go through memory, and be
/// read in other pieces than it was written in, which costs more than the rest of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// Instead of a lease: a call through a circuit that only counts.
    pub(crate) const NO_TRIAL: u32 = 0;
    /// Instead of a lease: no trial, and its time has to be taken.
    pub(crate) const TIMED: u32 = u32::MAX;

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

    pub(crate) const fn is_trial(self) -> bool {
        self.lease() != Self::NO_TRIAL && self.lease() != Self::TIMED
    }

    /// The lease after this one. It is long forgotten when it comes round.
    pub(crate) const fn next_lease(lease: u32) -> u32 {
        if lease + 1 == Self::TIMED { Self::NO_TRIAL + 1 } else { lease + 1 }
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("generation", &self.generation()).field("lease", &self.lease()).finish()
    }
}
