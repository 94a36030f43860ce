//! Implements [`Judged`], which decides after an attempt whether another attempt follows.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::fmt::Display;
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::base::accepts::Accepts;
use crate::base::existing::Note;
use crate::base::noted::aside;
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
    /// Returns a `Judged`, which decides whether another attempt follows after `outcome`. By default, an `Err` leads to
    /// another attempt, and an `Ok` ends the retry.
    ///
    /// The methods of `Judged` receive the user's functions, such as `retry_if`. The compiler infers the parameter type
    /// of a closure `|error| ..` from the type of `outcome`.
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
        Judged { ended, on_retry: NoHook, text: (), excess: () }
    }
}

/// An ended attempt, with the data for the decision whether another attempt follows.
#[derive(Debug)]
pub(super) struct Ended<'r, 's, S, R, T, E> {
    pub(super) attempts: &'r mut Attempts,
    /// The source of the retry's settings and counts. This source is not read if the first attempt succeeds and the
    /// retry has no `name`.
    pub(super) retry: S,
    source: PhantomData<&'s ()>,
    /// Whether the retry counts the calls whose first attempt succeeds.
    is_named: bool,
    pub(super) outcome: Result<T, E>,
    /// Converts the `Result` back to the return type `R` of the retried function. This function pointer replaces a
    /// bound `R: Outcome`. With the bound, a decorated function that returns no `Result` would cause several compile
    /// errors instead of one.
    make: fn(Result<T, E>) -> R,
    /// The reason why no further attempt follows, if any. If a reason is set, no function of the user receives the
    /// error.
    last: Option<End>,
    /// Whether the attempt returned an `Err`, or an `Ok` that `retry_if_ok` selects.
    pub(super) failed: bool,
    budget: Option<&'r BudgetState>,
    pub(super) hint: Option<Hint>,
    pub(super) cost: RetryCost,
    stacked: Stacked,
    /// Whether the error type of the attempt prevents a search of the error's sources.
    hides_causes: bool,
}

/// An ended attempt, with the functions that decide whether another attempt follows.
///
/// The caller first calls [`own_rejection`](Self::own_rejection) and [`rejection`](Self::rejection). If one of these
/// methods ends the retry, no function of the user receives the error. Each option that takes a function, such as
/// `retry_if`, has a method of the same name. The functions that [`text`](Self::text) and [`circuits`](Self::circuits)
/// receive are called only after a failed attempt.
#[derive(Debug)]
pub struct Judged<'r, 's, S, R, T, E, H, X, C> {
    pub(super) ended: Ended<'r, 's, S, R, T, E>,
    on_retry: H,
    text: X,
    excess: C,
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

    /// Ends the retry if `cause` is a rejection by a circuit, or by a rate limit that will never admit the call. The
    /// circuit or rate limit is another attribute of the same function.
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

    /// Ends the retry if the error contains a rejection by a circuit, or by a rate limit that will never admit the
    /// call. The rejected call is a call inside the body. With the option `retry_rejected`, a rejection by a circuit
    /// does not end the retry. Also sets the field `hides_causes` of [`Ended`].
    ///
    /// `cause` searches the error for a rejection. `cause` returns [`Cause::None`] if the error contains no rejection,
    /// or [`Cause::Unknown`] if the type of the error prevents the search. In both cases, `rejection` calls
    /// `Inside::note` to find out whether the last poll of the body created the error of a rejected call. Such an error
    /// has the same effect as a rejection in the returned error.
    #[inline(always)]
    pub fn rejection(mut self, cause: impl FnOnce(&E) -> Cause) -> Self {
        let mut found = None;
        // Moves the error out of the outcome, because a borrow of the outcome would force a success out of registers
        // into memory.
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

    /// Enables the counting of successful first attempts. The generated code calls this method for a `#[retry]` with a
    /// name.
    #[inline(always)]
    pub fn named(mut self) -> Self {
        self.ended.is_named = true;
        self
    }

    /// Lets this retry call the user's functions that a `RetryPolicy` contains, such as `retry_if`.
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
        // This code does not call the methods `Judged::retry_if` and `Judged::cost`, because each of these methods
        // would move the whole `Judged`.
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
                    // The option `retry_after` of a circuit below this retry may have set `hint`, the delay that the
                    // error asks for. A policy without a function `retry_after` keeps this delay.
                    if errors.has_retry_after() {
                        *hint = errors.retry_after(error).map(|delay| Hint { delay, longest: LONGEST_HINT });
                    }
                } else {
                    *last = Some(End::NotRetryable);
                }
            }
            Err(_) => {}
        }
        let Self { ended, text, excess, .. } = self;
        Judged { ended, on_retry: PolicyHook::new(errors), text, excess }
    }

    #[inline]
    pub fn retry_if(mut self, retry_if: impl FnOnce(&E) -> bool) -> Self {
        if self.ended.last.is_none() {
            if let Err(error) = &self.ended.outcome {
                self.ended.last = (!aside(|| retry_if(error))).then_some(End::NotRetryable);
            }
        }
        self
    }

    #[inline]
    pub fn retry_if_ok(mut self, retry_if_ok: impl FnOnce(&T) -> bool) -> Self {
        if let Ok(value) = &self.ended.outcome {
            self.ended.failed = aside(|| retry_if_ok(value));
        }
        self
    }

    #[inline]
    pub fn retry_after(self, retry_after: impl FnOnce(&E) -> Option<Duration>) -> Self {
        self.hinted(retry_after, || LONGEST_HINT)
    }

    /// Works like [`retry_after`](Self::retry_after), for the option `retry_after` of a circuit below `#[retry]`. The
    /// longest accepted delay is the longer of one hour and the circuit's `max_cooldown`.
    #[inline]
    pub fn retry_after_of(self, circuit: &CircuitBreaker, retry_after: impl FnOnce(&E) -> Option<Duration>) -> Self {
        self.hinted(retry_after, || circuit.max_cooldown().max(LONGEST_HINT))
    }

    #[inline]
    fn hinted(mut self, retry_after: impl FnOnce(&E) -> Option<Duration>, longest: impl FnOnce() -> Duration) -> Self {
        if self.ended.last.is_none() {
            if let Err(error) = &self.ended.outcome {
                self.ended.hint = aside(|| retry_after(error)).map(|delay| Hint { delay, longest: longest() });
            }
        }
        self
    }

    #[inline]
    pub fn cost(mut self, cost: impl FnOnce(&E) -> RetryCost) -> Self {
        if self.ended.last.is_none() {
            if let Err(error) = &self.ended.outcome {
                self.ended.cost = aside(|| cost(error));
            }
        }
        self
    }

    #[inline(always)]
    pub fn on_retry<F: FnOnce(&RetryEvent<'_, E>)>(self, on_retry: F) -> Judged<'r, 's, S, R, T, E, F, X, C> {
        let Self { ended, text, excess, .. } = self;
        Judged { ended, on_retry, text, excess }
    }

    /// Sets the function that returns the text of an error. Events contain this text.
    #[inline(always)]
    pub fn text<F>(self, text: F) -> Judged<'r, 's, S, R, T, E, H, F, C>
    where
        F: for<'e> FnOnce(&'e E) -> Option<&'e dyn Display>,
    {
        let Self { ended, on_retry, excess, .. } = self;
        Judged { ended, on_retry, text, excess }
    }

    /// Sets the circuits among the attributes below `#[retry]`. If one of these circuits stays open longer than the
    /// pause, no attempt follows.
    #[inline(always)]
    pub fn circuits<'c, const COUNT: usize>(
        self,
        circuits: impl FnOnce() -> [&'c CircuitBreaker; COUNT],
    ) -> Judged<'r, 's, S, R, T, E, H, X, impl FnOnce(Duration, Option<Called>) -> u64> {
        self.circuits_and_own(circuits, || [])
    }

    /// Works like [`circuits`](Self::circuits). In addition, `own` returns the circuits below `#[retry]` whose option
    /// `key` contains the number of the attempt. The retry ignores whether these circuits are open, because the next
    /// attempt calls other circuits.
    #[inline(always)]
    pub fn circuits_and_own<'c, const COUNT: usize, const OWN: usize>(
        self,
        circuits: impl FnOnce() -> [&'c CircuitBreaker; COUNT],
        own: impl FnOnce() -> [&'c CircuitBreaker; OWN],
    ) -> Judged<'r, 's, S, R, T, E, H, X, impl FnOnce(Duration, Option<Called>) -> u64> {
        let Self { ended, on_retry, text, .. } = self;
        let excess = |pause, called: Option<Called>| {
            let (circuits, own) = (circuits(), own());
            let of_called = called.map_or(0, |called| called.excess(pause, &circuits, &own));
            circuits.iter().map(|breaker| breaker.excess(pause)).fold(of_called, u64::max)
        };
        Judged { ended, on_retry, text, excess }
    }

    /// Returns the pause before the next attempt, or the outcome of the call if no attempt follows.
    #[inline(always)]
    pub fn next(self, func: &str) -> ControlFlow<R, Duration>
    where
        X: for<'e> FnOnce(&'e E) -> Option<&'e dyn Display>,
        C: FnOnce(Duration, Option<Called>) -> u64,
    {
        let Self { ended, on_retry, text, excess } = self;
        let Ended { attempts, retry, is_named, outcome, make, last, failed, .. } = ended;
        let Ended { budget, hint, cost, stacked, hides_causes, .. } = ended;
        let outcome = match outcome {
            // Returns a success here, because the references to the outcome in the code below would force the outcome
            // out of registers into memory.
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
        // If the outcome is an error, the method `judge` has already called `exhausted`.
        let last = last.or_else(|| if outcome.is_ok() { attempts.exhausted(source) } else { None });
        let pause = match last {
            Some(end) => Err(end),
            None => {
                let ignores_circuits = retry.schedule.retry_rejected;
                let called = if ignores_circuits { None } else { Called::by(&attempts.inside, hides_causes) };
                attempts.pause(retry.schedule, hint, cost, budget, |pause| excess(pause, called))
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
