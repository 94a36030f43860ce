#![allow(missing_docs)] // public items here are hidden in `__private`

use std::fmt::Display;
use std::future::Future;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::base::clock::{Tick, nanos};
use crate::base::outcome::Outcome;
use crate::circuit::breaker::CircuitBreaker;
use crate::events::debug_wanted;
use crate::retry::budget::{RetryBudget, RetryCost};
use crate::retry::events;
use crate::retry::nested::{self, Counted};
use crate::retry::rules::RetryEvent;
use crate::retry::schedule::Schedule;
use crate::timeout::deadline::deadline_remaining;

/// The progress of one call: the attempts that it has made, and the retries that they contained.
///
/// A future holds this value across every wait, so it stores only the state that changes. Each method receives the
/// schedule again: an attribute passes a constant, and the compiler then removes the branches of unused options.
#[derive(Debug)]
pub struct Attempts {
    /// The start of the first attempt, if the schedule has `max_elapsed`.
    began: Option<Tick>,
    /// The pause before the current attempt, in nanoseconds. A `Duration` is twice as large.
    pause: u64,
    /// The number of failed attempts.
    made: u32,
    /// The number of retries inside the bodies of the failed attempts.
    nested: u32,
    /// The cost of the last retry that the budget granted.
    paid: Option<RetryCost>,
}

impl Attempts {
    #[inline]
    pub fn new(schedule: &Schedule) -> Self {
        let began = schedule.max_elapsed.map(|_| Tick::now());
        Self { began, pause: 0, made: 0, nested: 0, paid: None }
    }

    /// Returns the number of the current attempt, counted from 1.
    #[inline]
    pub fn attempt(&self) -> u32 {
        self.made + 1 // `made` is less than `max`, so this cannot overflow
    }

    /// Counts the retries inside `body` while it is polled.
    #[inline]
    pub fn watch<F: Future>(&mut self, body: F) -> Counted<'_, F> {
        Counted::new(&mut self.nested, body)
    }

    /// Judges the outcome of an attempt. By default, an `Err` is retried and an `Ok` is not.
    ///
    /// The caller passes the user's functions to the result, one by one. The error type is known there, so that a closure
    /// needs no type for its argument.
    #[expect(
        clippy::inline_always,
        reason = "measured: an outcome that goes through memory costs as much as a breaker"
    )]
    #[inline(always)]
    pub fn judge<'r, R: Outcome>(
        &'r mut self,
        schedule: &'r Schedule,
        outcome: R,
    ) -> Judged<'r, R, R::Value, R::Error, NoHook> {
        let outcome = outcome.into_result();
        let left = self.attempt() < schedule.max;
        let failed = outcome.is_err();
        Judged {
            attempts: self,
            schedule,
            outcome,
            make: R::from_result,
            left,
            failed,
            budget: None,
            hint: None,
            cost: RetryCost::Failure,
            on_retry: NoHook,
        }
    }

    /// Returns the pause before the next attempt, or the reason why none follows.
    ///
    /// No attempt follows if a circuit below is still open after the pause. The current error then describes the fault
    /// better than the rejection of the next attempt.
    #[expect(
        clippy::inline_always,
        reason = "measured: a constant schedule is one only in the place where it is known"
    )]
    #[inline(always)]
    fn pause<'c, const CIRCUITS: usize>(
        &mut self,
        schedule: &Schedule,
        hint: Option<Duration>,
        cost: RetryCost,
        budget: Option<&RetryBudget>,
        below: impl FnOnce() -> [&'c CircuitBreaker; CIRCUITS],
    ) -> Result<Duration, &'static str> {
        let Schedule { max, backoff, max_elapsed, count_nested, .. } = schedule;
        let attempt = self.attempt();
        if *count_nested && attempt.saturating_add(self.nested) >= *max {
            return Err("nested");
        }
        let own = schedule.pause_after(attempt, Duration::from_nanos(self.pause));
        let pause = match hint {
            Some(hint) if hint > backoff.max.unwrap_or(Duration::MAX) => return Err("retry_after"),
            Some(hint) => own.max(hint),
            None => own,
        };
        if let (Some(began), Some(limit)) = (self.began, *max_elapsed) {
            if Tick::now().since(began).saturating_add(pause) > limit {
                return Err("max_elapsed");
            }
        }
        // The next attempt would start at the deadline or after it.
        if deadline_remaining().is_some_and(|left| pause >= left) {
            return Err("deadline");
        }
        if below().iter().any(|breaker| breaker.stays_open(pause)) {
            return Err("circuit");
        }
        // Checked last, because a granted retry is paid.
        if let Some(budget) = budget {
            if !budget.try_retry(cost) {
                return Err("budget");
            }
            self.paid = Some(cost);
        }
        if backoff.jitter.is_some() {
            self.pause = nanos(pause);
        }
        nested::count();
        Ok(pause)
    }
}

/// The outcome of an attempt, and the decision about the next one so far.
#[derive(Debug)]
pub struct Judged<'r, R, T, E, H> {
    attempts: &'r mut Attempts,
    schedule: &'r Schedule,
    outcome: Result<T, E>,
    /// Converts the result back. A bound on `R` would report a function without a `Result` a second time.
    make: fn(Result<T, E>) -> R,
    /// Whether attempts are left, and the error permits one. If not, no function is called with the error.
    left: bool,
    /// Whether the outcome counts as a failure.
    failed: bool,
    budget: Option<&'r RetryBudget>,
    hint: Option<Duration>,
    cost: RetryCost,
    on_retry: H,
}

impl<'r, R, T, E, H: Hook<E>> Judged<'r, R, T, E, H> {
    #[inline]
    pub fn budget(mut self, budget: &'r RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Calls the predicate for an error. If it returns false, no attempt is left.
    #[inline]
    pub fn retry_if(mut self, retry_if: impl FnOnce(&E) -> bool) -> Self {
        if self.left {
            if let Err(error) = &self.outcome {
                self.left = retry_if(error);
            }
        }
        self
    }

    #[inline]
    pub fn retry_if_ok(mut self, retry_if_ok: impl FnOnce(&T) -> bool) -> Self {
        if let Ok(value) = &self.outcome {
            self.failed = retry_if_ok(value);
        }
        self
    }

    #[inline]
    pub fn retry_after(mut self, retry_after: impl FnOnce(&E) -> Option<Duration>) -> Self {
        if self.left {
            if let Err(error) = &self.outcome {
                self.hint = retry_after(error);
            }
        }
        self
    }

    #[inline]
    pub fn cost(mut self, cost: impl FnOnce(&E) -> RetryCost) -> Self {
        if self.left {
            if let Err(error) = &self.outcome {
                self.cost = cost(error);
            }
        }
        self
    }

    #[inline]
    pub fn on_retry<F: FnOnce(&RetryEvent<'_, E>)>(self, on_retry: F) -> Judged<'r, R, T, E, F> {
        let Self { attempts, schedule, outcome, make, left, failed, budget, hint, cost, .. } = self;
        Judged { attempts, schedule, outcome, make, left, failed, budget, hint, cost, on_retry }
    }

    /// Decides: returns the pause before the next attempt, or the final outcome.
    ///
    /// A rejection by a circuit, according to `is_rejected`, is final.
    #[expect(
        clippy::inline_always,
        reason = "measured: an outcome that goes through memory costs as much as a breaker"
    )]
    #[inline(always)]
    pub fn next<'c, const CIRCUITS: usize>(
        self,
        func: &str,
        text: impl for<'e> FnOnce(&'e Result<T, E>) -> Option<&'e dyn Display>,
        is_rejected: impl FnOnce(&Result<T, E>) -> bool,
        below: impl FnOnce() -> [&'c CircuitBreaker; CIRCUITS],
    ) -> ControlFlow<R, Duration> {
        let Self { attempts, schedule, outcome, make, left, failed, budget, hint, cost, on_retry } = self;
        let outcome = match outcome {
            // Matched by value, so that a success stays in registers: the closures below would force it into memory.
            Ok(value) if !failed => {
                if let Some(budget) = budget {
                    budget.call_succeeded(attempts.paid);
                }
                return ControlFlow::Break(make(Ok(value)));
            }
            outcome if left => outcome,
            outcome => return ControlFlow::Break(make(outcome)),
        };
        let pause =
            if is_rejected(&outcome) { Err("circuit") } else { attempts.pause(schedule, hint, cost, budget, below) };
        let attempt = attempts.attempt();
        if debug_wanted() {
            events::retry(func, attempt, pause, text(&outcome));
        }
        match pause {
            Ok(delay) => {
                attempts.made = attempt;
                on_retry.call(&RetryEvent { attempt, delay, error: outcome.as_ref().err() });
                ControlFlow::Continue(delay)
            }
            Err(_) => ControlFlow::Break(make(outcome)),
        }
    }
}

/// A function that runs before each pause.
pub trait Hook<E> {
    fn call(self, event: &RetryEvent<'_, E>);
}

impl<E, F: FnOnce(&RetryEvent<'_, E>)> Hook<E> for F {
    fn call(self, event: &RetryEvent<'_, E>) {
        self(event);
    }
}

/// The hook of a retry without `on_retry`.
#[derive(Debug)]
pub struct NoHook;

impl<E> Hook<E> for NoHook {
    fn call(self, _: &RetryEvent<'_, E>) {}
}
