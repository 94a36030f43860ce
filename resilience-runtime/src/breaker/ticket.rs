/// What an admitted call remembers of its admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// A verdict counts only in the generation that admitted the call.
    pub(crate) generation: u64,
    /// The lease of a trial's slot. A slot that has been taken back because its trial did not end belongs to an older
    /// lease.
    pub(crate) lease: u32,
}

impl Ticket {
    /// Instead of a lease: a call through a circuit that only counts.
    pub(crate) const NO_TRIAL: u32 = 0;
    /// Instead of a lease: no trial, and its time has to be taken.
    pub(crate) const TIMED: u32 = u32::MAX - 1;

    /// A call that is let through although the circuit would reject it: whatever it comes to counts in no generation.
    pub(crate) const SHADOW: Self = Self { generation: u64::MAX, lease: Self::NO_TRIAL };

    pub(crate) fn is_trial(self) -> bool {
        self.lease != Self::NO_TRIAL && self.lease != Self::TIMED
    }

    /// The lease after this one. It is long forgotten when it comes round.
    pub(crate) fn next_lease(lease: u32) -> u32 {
        if lease + 1 == Self::TIMED { Self::NO_TRIAL + 1 } else { lease + 1 }
    }
}

/// The ticket of an admitted call, or how many nanoseconds a rejected one has to wait, as a pair that is returned in
/// registers: through memory, in pieces of other sizes than it was written in, it costs more than the rest of a rejection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    generation_or_wait: u64,
    lease: u32,
}

impl Answer {
    /// Instead of a lease.
    const REJECTED: u32 = u32::MAX;

    #[inline]
    pub(crate) fn admitted(Ticket { generation, lease }: Ticket) -> Self {
        Self { generation_or_wait: generation, lease }
    }

    #[inline]
    pub(crate) fn rejected(wait_nanos: u64) -> Self {
        Self { generation_or_wait: wait_nanos, lease: Self::REJECTED }
    }

    #[inline]
    pub(crate) fn get(self) -> Result<Ticket, u64> {
        match self.lease {
            Self::REJECTED => Err(self.generation_or_wait),
            lease => Ok(Ticket { generation: self.generation_or_wait, lease }),
        }
    }
}
