//! Implements the line: the queue of the calls that wait for a rate limit, first in, first out. Only the first call
//! sleeps until the rate admits it. Each other call waits until it is first. A cancelled call therefore delays no other
//! call.

use std::sync::Mutex;

use tokio::sync::Semaphore;

use crate::base::clock::Tick;
use crate::base::reason::Reason;
use crate::base::sync::lock_std;
use crate::base::sync::statics::{AtomicU32, AtomicU64, Ordering};
#[cfg(feature = "serde")]
use crate::rate_limit::kept::KeptQuota;
use crate::rate_limit::pace::Pace;
use crate::rate_limit::quota::{Quota, Quotas};

/// The calls that wait for a rate limit, and the quotas that the service has reported. A quota is the number of tokens
/// that the service still allows.
#[derive(Debug)]
pub(crate) struct Line {
    /// The number of waiting calls, and the bit [`QUOTA`] while a quota is stored. If the value is zero, only the rate
    /// decides whether a call may start.
    state: AtomicU32,
    /// The sum of the tokens that the waiting calls take.
    tokens: AtomicU64,
    /// A semaphore with one permit, which the first call of the line holds.
    pub(crate) turn: Semaphore,
    quotas: Mutex<Quotas>,
}

/// The bit of the field `state` that is set while a quota is stored. At most 1,000,000,000 calls wait (see
/// [`LONGEST`](crate::base::queue::LONGEST)), so their number never reaches this bit.
const QUOTA: u32 = 1 << 31;

impl Line {
    pub(crate) fn new() -> Self {
        Self {
            state: AtomicU32::new(0),
            tokens: AtomicU64::new(0),
            turn: Semaphore::new(1),
            quotas: Mutex::new(Quotas::default()),
        }
    }

    /// Returns true if no call waits and no quota is stored.
    #[inline]
    pub(crate) fn is_free(&self) -> bool {
        self.state.load(Ordering::Acquire) == 0
    }

    /// Returns the number of waiting calls.
    pub(crate) fn waiting(&self) -> u32 {
        self.state.load(Ordering::Relaxed) & !QUOTA
    }

    /// Adds a call to the line. Returns `None` if `max` calls are already waiting. Dropping the returned guard removes
    /// the call.
    pub(crate) fn join(&self, tokens: u32, max: u32) -> Option<Waiting<'_>> {
        let more = |state: u32| (state & !QUOTA < max).then_some(state + 1);
        self.state.fetch_update(Ordering::AcqRel, Ordering::Relaxed, more).ok()?;
        self.tokens.fetch_add(u64::from(tokens), Ordering::Relaxed);
        Some(Waiting { line: self, tokens })
    }

    /// Adds a quota that the service has reported. Each earlier quota still applies until its own reset, the time at
    /// which the service grants new tokens.
    pub(crate) fn restrict(&self, quota: Quota) {
        // Sets the bit `QUOTA` under the lock. Without the lock, another thread could remove the quota before the bit
        // is set, and the bit would stay set.
        let mut quotas = lock_std(&self.quotas);
        if quotas.add(quota, Tick::now()) {
            self.state.fetch_or(QUOTA, Ordering::AcqRel);
        }
    }

    /// Merges all quotas that apply at `now` into one quota. This quota has the smallest number of tokens and the
    /// latest reset time of all merged quotas.
    #[cfg(feature = "serde")]
    pub(crate) fn quota_at(&self, now: Tick) -> Option<KeptQuota> {
        lock_std(&self.quotas).keep(now)
    }

    /// Removes all quotas.
    pub(crate) fn release(&self) {
        let mut quotas = lock_std(&self.quotas);
        quotas.clear();
        self.state.fetch_and(!QUOTA, Ordering::AcqRel);
    }

    /// Estimates when a waiting call that takes `tokens` tokens could start. If the call is rejected, its error
    /// contains this estimate. The estimate assumes that all other waiting calls start first.
    pub(crate) fn estimate(&self, tokens: u32, pace: Pace, due: u64) -> Reason {
        let before = self.tokens.load(Ordering::Relaxed).saturating_sub(u64::from(tokens));
        estimate(pace, due, before, tokens, &lock_std(&self.quotas))
    }

    /// Admits or rejects a call while other calls wait, or while a quota applies. The closure `take` takes the tokens
    /// if the rate admits the call. `is_first` is true for the first call of the line (the queue).
    pub(crate) fn take(
        &self,
        tokens: u32,
        is_first: bool,
        pace: Pace,
        due: impl FnOnce() -> u64,
        take: impl FnOnce() -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        let mut quotas = lock_std(&self.quotas);
        let now = Tick::now();
        if quotas.applies() && !quotas.forget_past(now) {
            self.state.fetch_and(!QUOTA, Ordering::AcqRel);
        }
        if !is_first && self.waiting() > 0 {
            let before = self.tokens.load(Ordering::Relaxed);
            return Err(estimate(pace, due(), before, tokens, &quotas));
        }
        match quotas.wait(tokens.into(), now) {
            0 => {
                take()?;
                quotas.take(tokens);
                Ok(())
            }
            wait => Err(Reason::Early(wait)),
        }
    }
}

/// Estimates when a call could start, if the waiting calls before this call take `before` tokens.
fn estimate(pace: Pace, due: u64, before: u64, tokens: u32, quotas: &Quotas) -> Reason {
    let now = Tick::now();
    let early = pace.early(due, now.to_bits(), before, tokens).max(1);
    Reason::Early(early.max(quotas.wait(before.saturating_add(tokens.into()), now)))
}

/// The place of a waiting call in the line (the queue). Dropping this guard removes the call from the line.
#[derive(Debug)]
pub(crate) struct Waiting<'l> {
    line: &'l Line,
    tokens: u32,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.line.tokens.fetch_sub(u64::from(self.tokens), Ordering::Relaxed);
        self.line.state.fetch_sub(1, Ordering::AcqRel);
    }
}
