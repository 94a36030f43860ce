//! Defines [`Attempts`], the state of a retry during one call.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use crate::base::clock::{Tick, nanos};
use crate::events::debug_wanted;
use crate::retry::budget::config::RetryCost;
use crate::retry::budget::state::BudgetState;
use crate::retry::end::End;
use crate::retry::events;
use crate::retry::hint::Hint;
use crate::retry::layer::Source;
use crate::retry::nested::{self, Counted, Inside, Polled};
use crate::retry::schedule::Schedule;
use crate::timeout::deadline::deadline_remaining;

/// The longest time in nanoseconds by which a pause becomes longer, so that it lasts until the end of a cooldown. The
/// pause and the cooldown may come from one error that contains a point in time. The function in `retry_after` then
/// returns a shorter delay to the retry, which calls this function later than the circuit.
const SLACK: u64 = 100_000_000;

/// The state of a retry during one call.
///
/// The future of the call stores this value across each `.await`, so the value must be small. This struct therefore
/// does not contain the options of the retry. A method that needs the options reads them from a `Source`.
#[derive(Debug)]
pub struct Attempts {
    /// The start of the first attempt, or `None` before the first attempt. Always `None` without the option
    /// `max_elapsed`.
    began: Option<Tick>,
    /// The pause before the current attempt, in nanoseconds, computed as if no error had asked for a delay.
    /// Decorrelated jitter needs this field to compute the next pause. Without jitter, the field stays zero. A
    /// `Duration` would take twice the memory of a `u64`.
    pause: u64,
    /// The number of attempts before the current attempt.
    pub(super) made: u32,
    pub(super) inside: Inside,
    /// The cost (the kind of failure) of the last retry that the budget granted to this call.
    pub(super) paid: Option<RetryCost>,
    /// The number of retries that the `#[retry]` attributes below this one have made in this call.
    lower: u16,
}

/// The position of a `#[retry]` among the `#[retry]` attributes of one function. Attributes whose generated code is in
/// another `async` block are left out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stacked {
    Alone,
    /// The topmost of several attributes.
    Upper,
    Lower,
}

impl Attempts {
    #[inline]
    pub fn new<'r>(retry: impl Source<'r>) -> Self {
        let began = retry.read().schedule.max_elapsed.map(|_| Tick::now());
        Self { began, pause: 0, made: 0, inside: Inside::default(), paid: None, lower: 0 }
    }

    /// Works like [`new`](Self::new), for a retry that cannot have the option `max_elapsed`, or that calls `begin`. Saves
    /// 6 instructions that read this option.
    #[inline]
    pub fn without_limit() -> Self {
        Self { began: None, pause: 0, made: 0, inside: Inside::default(), paid: None, lower: 0 }
    }

    /// Starts the time of the option `max_elapsed`, unless this time has already started. Between the creation of this
    /// `Attempts` and the first attempt, the code of the user may run, and must not count towards `max_elapsed`.
    pub(super) fn begin<'r>(&mut self, retry: impl Source<'r>) {
        if self.began.is_none() {
            self.began = retry.read().schedule.max_elapsed.map(|_| Tick::now());
        }
    }

    #[inline]
    pub fn is_repeat(&self) -> bool {
        self.inside.is_repeat
    }

    /// Returns the number of the current attempt, counted from 1.
    #[inline]
    pub fn attempt(&self) -> u32 {
        self.made + 1 // the sum cannot overflow: `made` is less than the option `max`, a `u32`
    }

    /// Counts the end of the retry, and emits the event `retry_gave_up` or `retry_exhausted`. The generated code calls
    /// this method after a `#[circuit]` of the same function has rejected an attempt.
    #[cold]
    pub fn reject<'r>(&self, retry: impl Source<'r>, func: &str, error: &dyn Display) {
        let retry = retry.read();
        let end = if self.attempt() < retry.schedule.max { End::Rejected } else { End::Exhausted };
        retry.counts.count_end(end);
        if debug_wanted() {
            events::retry(func, self.attempt(), Err(end), Some(error));
        }
    }

    /// Subtracts the retries of this successful call, including nested retries, from the thread-local number of
    /// retries. A retry around this call reads this number, and must not count the retries of a successful call. If the
    /// function has several `#[retry]` attributes, the topmost attribute subtracts the retries of all attributes. The
    /// lower attributes subtract nothing.
    #[inline]
    pub(super) fn forget<'r>(&self, retry: impl Source<'r>, stacked: Stacked) {
        let lower = if matches!(stacked, Stacked::Upper) { u32::from(self.lower) } else { 0 };
        if self.made > 0 || self.inside.retries != 0 || lower > 0 {
            if self.made > 0 {
                retry.read().counts.count_recovered();
            }
            if !matches!(stacked, Stacked::Lower) {
                let made = self.made.saturating_add(lower);
                nested::count(0_i32.saturating_sub(self.inside.retries).saturating_sub_unsigned(made));
            }
        }
    }

    /// Counts one retry by a `#[retry]` below this one. Sets `polled` to `Never`, because the new attempt has not been
    /// polled yet.
    #[inline]
    pub fn lower_repeats(&mut self) {
        self.lower = self.lower.saturating_add(1);
        self.inside.polled = Polled::Never;
    }

    #[inline]
    pub fn watch<F: Future>(&mut self, body: F) -> Counted<'_, F> {
        Counted::new(&mut self.inside, body)
    }

    /// Works like [`watch`](Self::watch), for the body of a function that is not `async`.
    #[inline]
    pub fn watch_blocking<R>(&mut self, body: impl FnOnce() -> R) -> impl FnOnce() -> R {
        || self.inside.run(body)
    }

    /// Returns `Exhausted` if the current attempt is the last attempt that the option `max` allows.
    #[inline]
    pub(super) fn exhausted<'r>(&self, retry: impl Source<'r>) -> Option<End> {
        (self.attempt() >= retry.read().schedule.max).then_some(End::Exhausted)
    }

    /// Returns the pause before the next attempt, or the reason why no attempt follows.
    ///
    /// `excess` returns the time in nanoseconds for which a circuit of this function, or of a function that the attempt
    /// called, will still be open after the pause. If this time is not zero, no attempt follows, because the circuit
    /// would reject the attempt. The error of the current attempt is more useful to the caller than a rejection. A
    /// pause that the service asked for becomes longer instead, if `excess` is short, see [`SLACK`].
    #[expect(
        clippy::inline_always,
        reason = "measured: the compiler folds a constant schedule only in the function that creates it"
    )]
    #[inline(always)]
    pub(super) fn pause(
        &mut self,
        schedule: &Schedule,
        hint: Option<Hint>,
        cost: RetryCost,
        budget: Option<&BudgetState>,
        excess: impl FnOnce(Duration) -> u64,
    ) -> Result<Duration, End> {
        let Schedule { max, backoff, max_elapsed, count_nested, .. } = schedule;
        let attempt = self.attempt();
        if *count_nested && attempt.saturating_add_signed(self.inside.retries.max(0)) >= *max {
            return Err(End::Nested);
        }
        let previous = Duration::from_nanos(self.pause);
        let (own, pause) = schedule.pause_after(attempt, previous, hint.map(|hint| hint.delay));
        if hint.is_some_and(|hint| backoff.max.map_or(hint.delay > hint.longest, |max| pause > max)) {
            return Err(End::RetryAfter);
        }
        self.check_time(*max_elapsed, pause)?;
        let excess = excess(pause);
        if excess != 0 {
            return if hint.is_some() && excess <= SLACK {
                self.longer(schedule, own, pause.saturating_add(Duration::from_nanos(excess)), cost, budget)
            } else {
                Err(End::Circuit)
            };
        }
        self.pay(schedule, own, pause, cost, budget)
    }

    /// Asks the budget for a retry, and records the pause before this retry. `own` is the pause that the next pause with
    /// jitter needs.
    ///
    /// The caller asks the budget after all other checks. If a later check ended the retry, a granted retry would have
    /// reduced the budget for nothing.
    #[expect(clippy::inline_always, reason = "measured, like `pause`")]
    #[inline(always)]
    fn pay(
        &mut self,
        schedule: &Schedule,
        own: Duration,
        pause: Duration,
        cost: RetryCost,
        budget: Option<&BudgetState>,
    ) -> Result<Duration, End> {
        if let Some(budget) = budget {
            if !budget.try_retry(cost) {
                return Err(End::Budget);
            }
            self.paid = Some(cost);
        }
        if schedule.backoff.jitter.is_some() {
            self.pause = nanos(own);
        }
        nested::count(1);
        Ok(pause)
    }

    /// Works like the end of [`pause`](Self::pause), for a pause that became longer, so that it lasts until the end of a
    /// cooldown. Checks the limits of the longer pause again.
    #[cold]
    #[inline(never)]
    fn longer(
        &mut self,
        schedule: &Schedule,
        own: Duration,
        pause: Duration,
        cost: RetryCost,
        budget: Option<&BudgetState>,
    ) -> Result<Duration, End> {
        if schedule.backoff.max.is_some_and(|max| pause > max) {
            return Err(End::Circuit);
        }
        self.check_time(schedule.max_elapsed, pause)?;
        self.pay(schedule, own, pause, cost, budget)
    }

    /// Returns an error if the pause would end after the time `max_elapsed`, or at the caller's deadline. A pause until
    /// the deadline leaves no time for another attempt.
    #[expect(clippy::inline_always, reason = "measured, like `pause`")]
    #[inline(always)]
    fn check_time(&self, max_elapsed: Option<Duration>, pause: Duration) -> Result<(), End> {
        if let (Some(began), Some(limit)) = (self.began, max_elapsed) {
            if Tick::now().since(began).saturating_add(pause) > limit {
                return Err(End::MaxElapsed);
            }
        }
        if deadline_remaining().is_some_and(|left| pause >= left) { Err(End::Deadline) } else { Ok(()) }
    }
}
