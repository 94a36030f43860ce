#![allow(missing_docs)] // no docs needed: only the hidden module `__private` exports the items of this file

use std::fmt::Display;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::base::clock::{Tick, nanos};
use crate::base::existing::Note;
use crate::base::outcome::Outcome;
use crate::base::still_open::StillOpen;
use crate::circuit::breaker::CircuitBreaker;
use crate::events::debug_wanted;
use crate::expansion::cause::Cause;
use crate::retry::budget::config::RetryCost;
use crate::retry::budget::state::{BudgetState, Pays};
use crate::retry::end::End;
use crate::retry::events;
use crate::retry::layer::Source;
use crate::retry::nested::{self, Counted, Inside};
use crate::retry::rules::{Covers, RetryEvent, Rules};
use crate::retry::schedule::Schedule;
use crate::timeout::deadline::deadline_remaining;

/// The data that a retry keeps during one call.
///
/// The future of the call stores this data across each `.await`, so the data is kept small. The options of the retry
/// are not stored here. Each method that needs the options receives a [`Schedule`]. `#[retry]` passes a constant
/// schedule, so the compiler can fold the options into the code.
#[derive(Debug)]
pub struct Attempts {
    /// The start of the first attempt. The field is `None` if the option `max_elapsed` is not set.
    began: Option<Tick>,
    /// The pause before the current attempt, in nanoseconds, without any delay that an error asked for. Decorrelated
    /// jitter computes the next pause from this field. Without jitter, the field stays zero. The type is `u64`, because
    /// a `Duration` would take twice the memory.
    pause: u64,
    /// The number of attempts of this call that have ended before the current attempt.
    made: u32,
    inside: Inside,
    /// The cost of the last retry that the budget granted to this call.
    paid: Option<RetryCost>,
    /// The number of retries that the lower retries of the same function made in this call.
    lower: u16,
}

/// The place of a retry among the retries of its function. Only retries in the same `async` block count.
#[derive(Clone, Copy, Debug)]
enum Stacked {
    Alone,
    /// The outermost of several retries.
    Upper,
    Lower,
}

impl Attempts {
    #[inline]
    pub fn new<'r>(retry: impl Source<'r>) -> Self {
        let began = retry.read().schedule.max_elapsed.map(|_| Tick::now());
        Self { began, pause: 0, made: 0, inside: Inside::default(), paid: None, lower: 0 }
    }

    /// Creates the state of a retry that cannot have the option `max_elapsed`. Reading this option would cost 6
    /// instructions.
    #[inline]
    pub fn without_limit() -> Self {
        Self { began: None, pause: 0, made: 0, inside: Inside::default(), paid: None, lower: 0 }
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

    /// Emits the event `retry_gave_up` or `retry_exhausted` after a circuit has rejected an attempt. The circuit is
    /// another attribute of the retried function.
    #[cold]
    pub fn reject<'r>(&self, retry: impl Source<'r>, func: &str, error: &dyn Display) {
        let retry = retry.read();
        let end = if self.attempt() < retry.schedule.max { End::Rejected } else { End::Exhausted };
        retry.counts.count_end(end);
        if debug_wanted() {
            events::retry(func, self.attempt(), Err(end), Some(error));
        }
    }

    /// Subtracts the retries of this call from the thread-local number of retries, because this call succeeded. Also
    /// subtracts the retries that nested calls made inside the body. A retry around this call reads the thread-local
    /// number of retries, and must not count the retries of a call that succeeded. If the function has several retries,
    /// the upper retry also subtracts the retries of the lower retries, which subtract nothing.
    #[inline]
    fn forget<'r>(&self, retry: impl Source<'r>, stacked: Stacked) {
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

    /// Notes that a lower retry of the same function makes another attempt. The last poll of the body then belongs to an
    /// earlier attempt.
    #[inline]
    pub fn lower_repeats(&mut self) {
        self.lower = self.lower.saturating_add(1);
        self.inside.note = None;
    }

    #[inline]
    pub fn watch<F: Future>(&mut self, body: F) -> Counted<'_, F> {
        Counted::new(&mut self.inside, body)
    }

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

    /// Returns `Exhausted` if the current attempt is the last of `max` attempts.
    #[inline]
    fn exhausted<'r>(&self, retry: impl Source<'r>) -> Option<End> {
        (self.attempt() >= retry.read().schedule.max).then_some(End::Exhausted)
    }

    /// Returns the pause before the next attempt, or the reason why no attempt follows.
    ///
    /// The function `stays_open` returns whether a circuit will still be open after a pause of the given length. If
    /// `stays_open` returns true, the circuit would reject the next attempt, so no attempt follows. The call then
    /// returns the error of the current attempt, which tells the caller more than a rejection.
    #[expect(
        clippy::inline_always,
        reason = "measured: the compiler folds a constant schedule only in the function that creates it"
    )]
    #[inline(always)]
    fn pause(
        &mut self,
        schedule: &Schedule,
        hint: Option<Hint>,
        cost: RetryCost,
        budget: Option<&BudgetState>,
        stays_open: impl FnOnce(Duration) -> bool,
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
        if let (Some(began), Some(limit)) = (self.began, *max_elapsed) {
            if Tick::now().since(began).saturating_add(pause) > limit {
                return Err(End::MaxElapsed);
            }
        }
        // If the pause lasts until the caller's deadline, no time is left for another attempt.
        if deadline_remaining().is_some_and(|left| pause >= left) {
            return Err(End::Deadline);
        }
        if stays_open(pause) {
            return Err(End::Circuit);
        }
        // Asks the budget after all other checks, because a granted retry reduces the budget.
        if let Some(budget) = budget {
            if !budget.try_retry(cost) {
                return Err(End::Budget);
            }
            self.paid = Some(cost);
        }
        if backoff.jitter.is_some() {
            self.pause = nanos(own);
        }
        nested::count(1);
        Ok(pause)
    }
}

/// The longest delay that an error may ask for, if the retry does not set the option `max_delay`. A circuit's function
/// `retry_after` may also return a longer delay, up to the circuit's `max_cooldown`.
const LONGEST_HINT: Duration = Duration::from_secs(60 * 60);

/// A delay that an error asks for, such as the time in an HTTP header `Retry-After`.
#[derive(Clone, Copy, Debug)]
struct Hint {
    delay: Duration,
    /// The upper limit of `delay`, if the option `max_delay` of the retry is not set. If `delay` is longer than this
    /// limit, the retry ends.
    longest: Duration,
}

/// An attempt that has ended, with the data that decides whether another attempt follows.
#[derive(Debug)]
struct Ended<'r, 's, S, R, T, E> {
    attempts: &'r mut Attempts,
    /// The settings and the counts of the retry. A first attempt that succeeds does not read them.
    retry: S,
    source: PhantomData<&'s ()>,
    /// Whether the retry counts the calls whose first attempt succeeds.
    is_named: bool,
    outcome: Result<T, E>,
    /// Converts the `Result` back to the return type `R` of the retried function. Because of this function pointer, the
    /// struct needs no bound `Outcome`. With the bound, a function that does not return a `Result` would cause several
    /// compile errors.
    make: fn(Result<T, E>) -> R,
    /// The reason why no further attempt follows. If the field contains a reason, none of the user's functions receives
    /// the error.
    last: Option<End>,
    /// Whether the attempt failed: with an `Err`, or with an `Ok` that `retry_if_ok` selects.
    failed: bool,
    budget: Option<&'r BudgetState>,
    hint: Option<Hint>,
    cost: RetryCost,
    stacked: Stacked,
    /// Whether the attempt returned an error of a type that hides the cause of a rejection.
    hides_causes: bool,
}

/// The circuits that the body of an attempt called during the last poll of the body.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    /// The number of messages from circuits at the beginning of the poll.
    messages: u16,
    /// Whether the retry ignores the message of a circuit that only rejected a call.
    ignores_rejections: bool,
}

impl Called {
    /// Returns whether the circuit that left the newest message will still reject calls after the pause. Leaves out the
    /// messages of the circuits in `circuits` and `own`, which are attributes of the retried function.
    #[cold]
    #[inline(never)]
    fn stays_open(self, pause: Duration, circuits: &[&CircuitBreaker], own: &[&CircuitBreaker]) -> bool {
        let is_own = |address| circuits.iter().chain(own).any(|circuit| circuit.address() == address);
        let open = StillOpen::newest(self.messages, is_own);
        open.is_some_and(|open| !(self.ignores_rejections && open.by_rejection) && open.exceeds(pause))
    }
}

/// An attempt that has ended, and the functions that decide whether another attempt follows.
///
/// The methods [`own_rejection`](Self::own_rejection) and [`rejection`](Self::rejection) are called first. If one of
/// them finds a rejection by a circuit, no function of the user receives the error. For each option that takes a
/// function of the user, such as `retry_if`, this type has a method of the same name. The methods [`text`](Self::text)
/// and [`circuits`](Self::circuits) each take a function. These functions are called only after a failed attempt.
#[derive(Debug)]
pub struct Judged<'r, 's, S, R, T, E, H, X, C> {
    ended: Ended<'r, 's, S, R, T, E>,
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
    /// States that the function has further retries below this retry.
    #[inline]
    pub fn upper(mut self) -> Self {
        self.ended.stacked = Stacked::Upper;
        self
    }

    /// States that the function has further retries above this retry.
    #[inline]
    pub fn lower(mut self) -> Self {
        self.ended.stacked = Stacked::Lower;
        self
    }

    /// Ends the retry if `cause` states that a circuit rejected the attempt. The circuit is an attribute of the retried
    /// function.
    #[inline]
    pub fn own_rejection(mut self, cause: Cause) -> Self {
        if self.ended.last.is_none() && cause.is_circuit() {
            self.ended.last = Some(End::Rejected);
        }
        self
    }

    /// Ends the retry if a circuit inside the body rejected a call. Otherwise, lets the retry look at the circuits that
    /// the body called. Does nothing if the option `retry_rejected` is set.
    ///
    /// The function `cause` reads the cause of a rejection from the error. The function returns [`Cause::Unknown`] if
    /// the type of the error hides the cause, and [`Cause::None`] if the error contains no cause. For these two values,
    /// the retry still ends if a circuit rejected a call during the last poll of the body. The error of this rejection
    /// must still exist at the end of the poll.
    #[inline(always)]
    pub fn rejection(mut self, cause: impl FnOnce(&E) -> Cause) -> Self {
        let mut found = None;
        // Moves the error out of the outcome instead of borrowing the outcome. A borrow would keep a success in memory
        // instead of in registers.
        self.ended.outcome = match self.ended.outcome {
            Ok(value) => Ok(value),
            Err(error) => {
                let is_decided = self.ended.last.is_some() || self.ended.retry.read().schedule.retry_rejected;
                found = (!is_decided).then(|| cause(&error));
                Err(error)
            }
        };
        let Some(cause) = found else { return self };
        let Ended { attempts, last, hides_causes, .. } = &mut self.ended;
        let is_noted = attempts.inside.note == Some(Note::Circuit);
        if cause.is_circuit() || cause.is_hidden() && is_noted {
            *last = Some(End::Rejected);
        }
        *hides_causes = cause == Cause::Unknown;
        self
    }

    #[inline]
    pub fn budget(mut self, budget: &'r (impl Pays + ?Sized)) -> Self {
        self.ended.budget = budget.state();
        self
    }

    /// Counts the calls whose first attempt succeeds.
    #[inline(always)]
    pub fn named(mut self) -> Self {
        self.ended.is_named = true;
        self
    }

    /// Sets the functions that a user gave to a `RetryPolicy`, such as `retry_if`.
    #[inline(always)]
    pub fn rules<PE, PT>(
        self,
        Rules { errors, values }: &'r Rules<PE, PT>,
    ) -> Judged<'r, 's, S, R, T, E, impl Hook<E> + use<'r, 's, S, R, T, E, H, X, C, PE, PT>, X, C>
    where
        PE: Covers<E> + ?Sized,
        PT: Covers<T> + ?Sized,
    {
        let judged = self.retry_if(|error| errors.retry_if(error)).retry_if_ok(|value| values.retry_if_ok(value));
        let mut judged = judged.cost(|error| errors.cost(error));
        if let (None, Err(error)) = (judged.ended.last, &judged.ended.outcome) {
            // A circuit below `#[retry(with = ..)]` may already have read a delay from the error. The code below keeps
            // this delay if the policy has no function `retry_after`.
            if errors.has_retry_after() {
                let hint = errors.retry_after(error);
                judged.ended.hint = hint.map(|delay| Hint { delay, longest: LONGEST_HINT });
            }
        }
        judged.on_retry(|event: &RetryEvent<'_, E>| errors.on_retry(event))
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

    /// Works as [`circuits`](Self::circuits). In addition, sets the circuits that only this attempt called, because their
    /// key contains the number of the attempt. The retry ignores the state of these circuits.
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
        // For an error, `judge` has already asked whether the attempt is the last one.
        let last = last.or_else(|| if outcome.is_ok() { attempts.exhausted(source) } else { None });
        let pause = match last {
            Some(end) => Err(end),
            None => {
                // If the type of the error hides no cause, and the error contains no rejection, the body has handled
                // the rejection. The message that the circuit left about this rejection is then ignored.
                let called = Called { messages: attempts.inside.messages, ignores_rejections: !hides_causes };
                let called = (!retry.schedule.retry_rejected && attempts.inside.has_message()).then_some(called);
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
                attempts.inside.note = None;
                on_retry.call(&RetryEvent { attempt, delay, error: outcome.as_ref().err() });
                ControlFlow::Continue(delay)
            }
            Err(_) => ControlFlow::Break(make(outcome)),
        }
    }
}

/// A function that is called before each pause, such as the user's function `on_retry`.
pub trait Hook<E> {
    fn call(self, event: &RetryEvent<'_, E>);
}

impl<E, F: FnOnce(&RetryEvent<'_, E>)> Hook<E> for F {
    fn call(self, event: &RetryEvent<'_, E>) {
        self(event);
    }
}

#[derive(Debug)]
pub struct NoHook;

impl<E> Hook<E> for NoHook {
    fn call(self, _: &RetryEvent<'_, E>) {}
}
