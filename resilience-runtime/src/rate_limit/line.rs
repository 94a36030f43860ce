//! Implements the line: the queue of the calls that wait for a rate limit, first in, first out. Only the first call
//! sleeps until the rate admits it. Each other call waits until it is first. A cancelled call therefore delays no other
//! call.

use std::sync::Mutex;

use tokio::sync::Semaphore;

use crate::base::clock::Tick;
use crate::base::reason::Reason;
use crate::base::sync::lock_std;
use crate::base::sync::statics::{AtomicU32, AtomicU64, Ordering};
use crate::rate_limit::pace::Pace;
use crate::rate_limit::quota::{Quota, Quotas};

/// The calls that wait for a rate limit, and the quotas that the service has reported. A quota is the number of tokens
/// that the service still allows.
#[derive(Debug)]
pub(crate) struct Line {
    /// The number of waiting calls, and the bit [`QUOTA`] while a quota is stored. If the value is zero, only the rate
    /// decides whether a call may start.
    state: AtomicU32,
    /// The number of tokens that the waiting calls take in addition to the first token of each call.
    extra: AtomicU64,
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
            extra: AtomicU64::new(0),
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
        let waiting = Waiting { line: self, tokens };
        self.extra.fetch_add(waiting.extra(), Ordering::Relaxed);
        Some(waiting)
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

    /// Removes all quotas.
    pub(crate) fn release(&self) {
        let mut quotas = lock_std(&self.quotas);
        quotas.clear();
        self.state.fetch_and(!QUOTA, Ordering::AcqRel);
    }

    /// Returns the reason for the rejection of the waiting call `rejected`. The reason contains the time until the call
    /// can start, if all other waiting calls start first.
    pub(crate) fn early(&self, rejected: &Waiting<'_>, pace: Pace, due: u64) -> Reason {
        let all = self.before();
        let before = Before { calls: all.calls.saturating_sub(1), extra: all.extra.saturating_sub(rejected.extra()) };
        early(pace, due, before, rejected.tokens, &lock_std(&self.quotas))
    }

    /// Returns the waiting calls.
    fn before(&self) -> Before {
        Before { calls: self.waiting(), extra: self.extra.load(Ordering::Relaxed) }
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
        let before = if is_first { Before::NONE } else { self.before() };
        if before.calls > 0 || quotas.wait(tokens.into(), now) > 0 {
            return Err(early(pace, due(), before, tokens, &quotas));
        }
        take()?;
        quotas.take(tokens);
        Ok(())
    }
}

/// The waiting calls that start before another call.
#[derive(Clone, Copy)]
struct Before {
    calls: u32,
    /// The number of tokens that the calls take in addition to the first token of each call.
    extra: u64,
}

impl Before {
    const NONE: Self = Self { calls: 0, extra: 0 };

    fn tokens(self) -> u64 {
        self.extra.saturating_add(self.calls.into())
    }

    /// Returns the number of tokens that these calls surely take before the reset of a quota. The quota has `remaining`
    /// tokens, which are too few for all of these calls.
    ///
    /// If each call takes one token, the calls take all of the `remaining` tokens. Otherwise, the first call that has to
    /// wait for the reset leaves some of them. The line does not know this call, so the result assumes the largest
    /// possible call.
    fn taken_before_reset(self, remaining: u64, pace: Pace) -> u64 {
        let left = self.extra.min(u64::from(pace.burst()) - 1);
        remaining.saturating_sub(left)
    }
}

/// Returns the time until a call can start, if the waiting calls `before` this call start first.
///
/// A quota with too few tokens delays calls until its reset. From then on, the pace admits the delayed calls, with a
/// burst if the pace has saved up a burst by then.
fn early(pace: Pace, due: u64, before: Before, tokens: u32, quotas: &Quotas) -> Reason {
    let now = Tick::now();
    let (bits, taken) = (now.to_bits(), before.tokens());
    let due = quotas.below(taken, now).fold(pace.due_after(due, bits, taken), |latest, (remaining, reset)| {
        let reset = bits.saturating_add(reset);
        latest.max(pace.due_after(reset, reset, taken - before.taken_before_reset(remaining, pace)))
    });
    let early = pace.start(due, tokens).saturating_sub(bits);
    Reason::Early(early.max(quotas.wait(taken.saturating_add(tokens.into()), now)).max(1))
}

/// The place of a waiting call in the line (the queue). Dropping this guard removes the call from the line.
#[derive(Debug)]
pub(crate) struct Waiting<'l> {
    line: &'l Line,
    tokens: u32,
}

impl Waiting<'_> {
    pub(crate) fn tokens(&self) -> u32 {
        self.tokens
    }

    /// Returns the number of tokens that the call takes in addition to its first token.
    fn extra(&self) -> u64 {
        u64::from(self.tokens).saturating_sub(1)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.line.extra.fetch_sub(self.extra(), Ordering::Relaxed);
        self.line.state.fetch_sub(1, Ordering::AcqRel);
    }
}
