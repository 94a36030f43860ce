//! Implements [`Judged`], which decides after an attempt whether another attempt follows.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::fmt::Display;
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::base::accepts::Accepts;
use crate::base::existing::Note;
use crate::base::outcome::Outcome;
use crate::base::pauses::time_to_sleep;
use crate::circuit::breaker::CircuitBreaker;
use crate::events::debug_wanted;
use crate::expansion::cause::Cause;
use crate::retry::attempts::{Attempts, Stacked};
use crate::retry::budget::config::RetryCost;
use crate::retry::budget::state::{BudgetState, Pays};
use crate::retry::called::Called;
use crate::retry::end::End;
use crate::retry::events;
use crate::retry::hint::{Hint, LONGEST_HINT};
use crate::retry::hook::{Hook, NoHook, PolicyHook};
use crate::retry::layer::Source;
use crate::retry::nested::Polled;
use crate::retry::rules::{RetryEvent, Rules};

impl Attempts {
    /// Returns a `Judged`, which decides whether another attempt follows. By default, an `Err` leads to another
    /// attempt, and an `Ok` ends the retry.
    ///
    /// The user's functions, such as `retry_if`, are passed to methods of `Judged`. The compiler knows the error type
    /// of `Judged` from `outcome`, and can therefore infer the parameter type of a closure `|error| ..`.
    #[expect(
        clippy::inline_always,
        reason = "measured: an outcome that goes through memory costs as much as a breaker"
    )]
    #[inline(always)]
    pub fn judge<'r, 's, R: Outcome, S: Source<'s>>(
        &'r mut self,
        retry: S,
        outcome: R,
    ) -> Judged<'r, 's, S, R, R::Value, R::Error, NoHook, (), ()> {
        let outcome = outcome.into_result();
        let failed = outcome.is_err();
        let ended = Ended {
            last: if failed { self.exhausted(retry) } else { None },
            failed,
            attempts: self,
            retry,
            source: PhantomData,
            is_named: false,
            outcome,
            make: R::from_result,
            budget: None,
            hint: None,
            cost: RetryCost::Failure,
            hides_causes: false,
            stacked: Stacked::Alone,
        };
        Judged { ended, on_retry: NoHook, text: (), stays_open: () }
    }
}

/// An attempt that has ended, with the data that decides whether another attempt follows.
#[derive(Debug)]
pub(super) struct Ended<'r, 's, S, R, T, E> {
    pub(super) attempts: &'r mut Attempts,
    /// The source of the retry's settings and counts. If the retry has no `name`, a call whose first attempt succeeds
    /// does not read this source.
    pub(super) retry: S,
    source: PhantomData<&'s ()>,
    /// Whether the retry counts the calls whose first attempt succeeds.
    is_named: bool,
    pub(super) outcome: Result<T, E>,
    /// Converts the `Result` back to the return type `R` of the retried function. Because of this function pointer, the
    /// struct needs no bound `Outcome`. With the bound, a function that does not return a `Result` would cause several
    /// compile errors.
    make: fn(Result<T, E>) -> R,
    /// The reason why no further attempt follows. If the field contains a reason, none of the user's functions receives
    /// the error.
    last: Option<End>,
    /// Whether the attempt failed: with an `Err`, or with an `Ok` that `retry_if_ok` selects.
    pub(super) failed: bool,
    budget: Option<&'r BudgetState>,
    pub(super) hint: Option<Hint>,
    pub(super) cost: RetryCost,
    stacked: Stacked,
    /// Whether the attempt returned an error of a type that hides the cause of a rejection.
    hides_causes: bool,
}

/// An attempt that has ended, and the functions that decide whether another attempt follows.
///
/// The methods [`own_rejection`](Self::own_rejection) and [`rejection`](Self::rejection) are called first. If one of
/// these methods finds a rejection by a circuit, no function of the user receives the error. For each option that takes
/// a function of the user, such as `retry_if`, this type has a method of the same name. The methods
/// [`text`](Self::text) and [`circuits`](Self::circuits) each take a function. These functions are called only after a
/// failed attempt.
#[derive(Debug)]
pub struct Judged<'r, 's, S, R, T, E, H, X, C> {
    pub(super) ended: Ended<'r, 's, S, R, T, E>,
    on_retry: H,
    text: X,
    stays_open: C,
}

#[expect(clippy::type_complexity, reason = "each parameter is a function of the user or of the generated code")]
#[expect(
    clippy::inline_always,
    reason = "measured: an outcome that goes through memory costs 17 instructions in `RetryPolicy::call`"
)]
impl<'r, 's, S: Source<'s>, R, T, E, H: Hook<E>, X, C> Judged<'r, 's, S, R, T, E, H, X, C> {
    /// Records that the decorated function has another retry below this retry.
    #[inline]
    pub fn upper(mut self) -> Self {
        self.ended.stacked = Stacked::Upper;
        self
    }

    /// Records that the decorated function has another retry above this retry.
    #[inline]
    pub fn lower(mut self) -> Self {
        self.ended.stacked = Stacked::Lower;
        self
    }

    /// Ends the retry if `cause` states that a circuit rejected the attempt, or that a rate limit will never admit the
    /// call. The circuit or the rate limit is an attribute of the retried function.
    #[inline]
    pub fn own_rejection(mut self, cause: Cause) -> Self {
        if self.ended.last.is_none() {
            if cause.is_circuit() {
                self.ended.last = Some(End::Rejected);
            } else if cause.is_above_burst() {
                self.ended.last = Some(End::NotRetryable);
            }
        }
        self
    }

    /// Ends the retry if a circuit inside the body rejected a call, or if a rate limit will never admit the call.
    /// Otherwise, records whether the type of the error hides the cause of a rejection. If the option `retry_rejected`
    /// is set, a rejection by a circuit does not end the retry.
    ///
    /// The function `cause` reads the cause of a rejection from the error. The function returns [`Cause::Unknown`] if
    /// the type of the error hides the cause, and [`Cause::None`] if the error contains no cause. For these two values,
    /// the last poll of the body decides. The retry ends if a circuit rejected a call during this poll, and more
    /// rejections exist now than before this poll.
    #[inline(always)]
    pub fn rejection(mut self, cause: impl FnOnce(&E) -> Cause) -> Self {
        let mut found = None;
        // Moves the error out of the outcome instead of borrowing the outcome. A borrow would keep a success in memory
        // instead of in registers.
        self.ended.outcome = match self.ended.outcome {
            Ok(value) => Ok(value),
            Err(error) => {
                if self.ended.last.is_none() {
                    let cause = cause(&error);
                    let note = if cause.is_hidden() { self.ended.attempts.inside.note() } else { Note::Other };
                    let end = if cause.is_above_burst() || note == Note::AboveBurst {
                        Some(End::NotRetryable)
                    } else if cause.is_circuit() || note == Note::Circuit {
                        (!self.ended.retry.read().schedule.retry_rejected).then_some(End::Rejected)
                    } else {
                        None
                    };
                    found = Some((end, cause == Cause::Unknown));
                }
                Err(error)
            }
        };
        if let Some((end, hides_causes)) = found {
            self.ended.last = end;
            self.ended.hides_causes = hides_causes;
        }
        self
    }

    #[inline]
    pub fn budget(mut self, budget: &'r (impl Pays + ?Sized)) -> Self {
        self.ended.budget = budget.state();
        self
    }

    /// Makes the retry count the calls whose first attempt succeeds. The generated code calls this method for a
    /// `#[retry]` with a name.
    #[inline(always)]
    pub fn named(mut self) -> Self {
        self.ended.is_named = true;
        self
    }

    /// Applies the functions that a user gave to a `RetryPolicy`, such as `retry_if`.
    #[inline(always)]
    pub fn rules<PE, PT>(
        mut self,
        Rules { errors, values }: &'r Rules<PE, PT>,
    ) -> Judged<'r, 's, S, R, T, E, PolicyHook<'r, PE, E>, X, C>
    where
        PE: Accepts<E> + ?Sized,
        PT: Accepts<T> + ?Sized,
    {
        let Ended { attempts, retry, outcome, last, failed, hint, cost, .. } = &mut self.ended;
        // Does not call the methods `retry_if` and `cost` of this type, because each of these methods would move the
        // whole `Judged`.
        match outcome {
            Ok(value) => {
                *failed = values.retry_if_ok(value);
                if *failed && attempts.exhausted(*retry).is_none() {
                    *cost = values.cost_ok(value);
                    *hint = values.retry_after_ok(value).map(|delay| Hint { delay, longest: LONGEST_HINT });
                }
            }
            Err(error) if last.is_none() => {
                if errors.retry_if(error) {
                    *cost = errors.cost(error);
                    // A circuit below `#[retry(with = ..)]` may already have read a delay from the error. If the policy
                    // has no function `retry_after`, the retry keeps this delay.
                    if errors.has_retry_after() {
                        *hint = errors.retry_after(error).map(|delay| Hint { delay, longest: LONGEST_HINT });
                    }
                } else {
                    *last = Some(End::NotRetryable);
                }
            }
            Err(_) => {}
        }
        let Self { ended, text, stays_open, .. } = self;
        Judged { ended, on_retry: PolicyHook::new(errors), text, stays_open }
    }

    #[inline]
    pub fn retry_if(mut self, retry_if: impl FnOnce(&E) -> bool) -> Self {
        if self.ended.last.is_none() {
            if let Err(error) = &self.ended.outcome {
                self.ended.last = (!retry_if(error)).then_some(End::NotRetryable);
            }
        }
        self
    }

    #[inline]
    pub fn retry_if_ok(mut self, retry_if_ok: impl FnOnce(&T) -> bool) -> Self {
        if let Ok(value) = &self.ended.outcome {
            self.ended.failed = retry_if_ok(value);
        }
        self
    }

    #[inline]
    pub fn retry_after(self, retry_after: impl FnOnce(&E) -> Option<Duration>) -> Self {
        self.hinted(retry_after, || LONGEST_HINT)
    }

    /// Calls the user's function in the option `retry_after` of a circuit. The function returns the delay that the
    /// error asks for. The circuit is an attribute below `#[retry]`. The longest accepted delay is one hour or the
    /// circuit's `max_cooldown`, whichever is longer.
    #[inline]
    pub fn retry_after_of(self, circuit: &CircuitBreaker, retry_after: impl FnOnce(&E) -> Option<Duration>) -> Self {
        self.hinted(retry_after, || circuit.max_cooldown().max(LONGEST_HINT))
    }

    #[inline]
    fn hinted(mut self, retry_after: impl FnOnce(&E) -> Option<Duration>, longest: impl FnOnce() -> Duration) -> Self {
        if self.ended.last.is_none() {
            if let Err(error) = &self.ended.outcome {
                self.ended.hint = retry_after(error).map(|delay| Hint { delay, longest: longest() });
            }
        }
        self
    }

    #[inline]
    pub fn cost(mut self, cost: impl FnOnce(&E) -> RetryCost) -> Self {
        if self.ended.last.is_none() {
            if let Err(error) = &self.ended.outcome {
                self.ended.cost = cost(error);
            }
        }
        self
    }

    #[inline(always)]
    pub fn on_retry<F: FnOnce(&RetryEvent<'_, E>)>(self, on_retry: F) -> Judged<'r, 's, S, R, T, E, F, X, C> {
        let Self { ended, text, stays_open, .. } = self;
        Judged { ended, on_retry, text, stays_open }
    }

    /// Sets the function that returns the text of an error for events.
    #[inline(always)]
    pub fn text<F>(self, text: F) -> Judged<'r, 's, S, R, T, E, H, F, C>
    where
        F: for<'e> FnOnce(&'e E) -> Option<&'e dyn Display>,
    {
        let Self { ended, on_retry, stays_open, .. } = self;
        Judged { ended, on_retry, text, stays_open }
    }

    /// Sets the circuits that are attributes below `#[retry]` on the retried function. If one of these circuits stays
    /// open longer than the pause, no attempt follows.
    #[inline(always)]
    pub fn circuits<'c, const COUNT: usize>(
        self,
        circuits: impl FnOnce() -> [&'c CircuitBreaker; COUNT],
    ) -> Judged<'r, 's, S, R, T, E, H, X, impl FnOnce(Duration, Option<Called>) -> bool> {
        self.circuits_and_own(circuits, || [])
    }

    /// Works like [`circuits`](Self::circuits). In addition, sets the circuits whose key contains the number of the
    /// attempt, so that only this attempt called these circuits. The retry ignores the state of these circuits.
    #[inline(always)]
    pub fn circuits_and_own<'c, const COUNT: usize, const OWN: usize>(
        self,
        circuits: impl FnOnce() -> [&'c CircuitBreaker; COUNT],
        own: impl FnOnce() -> [&'c CircuitBreaker; OWN],
    ) -> Judged<'r, 's, S, R, T, E, H, X, impl FnOnce(Duration, Option<Called>) -> bool> {
        let Self { ended, on_retry, text, .. } = self;
        let stays_open = |pause, called: Option<Called>| {
            let (circuits, own) = (circuits(), own());
            called.is_some_and(|called| called.stays_open(pause, &circuits, &own))
                || circuits.iter().any(|breaker| breaker.stays_open(pause))
        };
        Judged { ended, on_retry, text, stays_open }
    }

    /// Returns the pause before the next attempt. If no further attempt follows, returns the outcome of the call.
    #[inline(always)]
    pub fn next(self, func: &str) -> ControlFlow<R, Duration>
    where
        X: for<'e> FnOnce(&'e E) -> Option<&'e dyn Display>,
        C: FnOnce(Duration, Option<Called>) -> bool,
    {
        let Self { ended, on_retry, text, stays_open } = self;
        let Ended { attempts, retry, is_named, outcome, make, last, failed, .. } = ended;
        let Ended { budget, hint, cost, stacked, hides_causes, .. } = ended;
        let outcome = match outcome {
            // Returns a success here, because the code below takes the outcome by reference. A reference would force
            // the success out of registers into memory.
            Ok(value) if !failed => {
                if let Some(budget) = budget {
                    budget.call_succeeded(attempts.paid);
                }
                attempts.forget(retry, stacked);
                if is_named && attempts.made == 0 {
                    retry.read().counts.count_first();
                }
                return ControlFlow::Break(make(Ok(value)));
            }
            outcome => outcome,
        };
        let (source, retry) = (retry, retry.read());
        // For an error, `judge` has already checked whether the attempt is the last attempt.
        let last = last.or_else(|| if outcome.is_ok() { attempts.exhausted(source) } else { None });
        let pause = match last {
            Some(end) => Err(end),
            None => {
                let ignores_circuits = retry.schedule.retry_rejected;
                let called = if ignores_circuits { None } else { Called::by(&attempts.inside, hides_causes) };
                attempts.pause(retry.schedule, hint, cost, budget, |pause| stays_open(pause, called))
            }
        };
        let attempt = attempts.attempt();
        if debug_wanted() {
            events::retry(func, attempt, pause, outcome.as_ref().err().and_then(text));
        }
        match pause {
            Ok(_) => retry.counts.count_retry(budget.is_some()),
            Err(end) => retry.counts.count_end(end),
        }
        match pause {
            Ok(delay) => {
                attempts.made = attempt;
                attempts.inside.is_repeat = true;
                attempts.inside.polled = Polled::Never;
                on_retry.call(&RetryEvent { attempt, delay, error: outcome.as_ref().err() });
                ControlFlow::Continue(time_to_sleep(delay))
            }
            Err(_) => ControlFlow::Break(make(outcome)),
        }
    }
}
