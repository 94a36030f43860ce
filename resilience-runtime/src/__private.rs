//! All that an expansion may name, and not part of the public interface.
//!
//! The layers of an expansion are plain statements; what they have to say to the runtime goes through here.
#![allow(missing_docs)] // nobody is to read them

use std::borrow::Cow;
use std::fmt::Display;
use std::future::Future;
use std::ops::{ControlFlow, Deref};
pub use std::sync::LazyLock;
pub use std::time::Duration;

use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::error::CircuitOpenError;
use crate::circuit::permit::{Ending, Permit, Watched};
use crate::events;
use crate::timeout::timeout::TimeoutError;

pub use crate::expansion::rejection::Rejection;
pub use crate::retry::attempts::Attempts;
pub use crate::retry::backoff::Jitter;
pub use crate::retry::budget::RetryBudget;
pub use crate::retry::schedule::Schedule;
pub use crate::timeout::deadline::within;
pub use tokio::time::sleep;

pub use crate::bulkhead::Bulkhead;
pub use crate::hedge::{Another, Hedged, Last};
pub use crate::rate_limit::RateLimit;
pub use crate::registry::family::{Key, KeyedSite};
#[cfg(feature = "declare")]
pub use crate::registry::site::Declared;
pub use crate::registry::site::{CallSite, Declaration};
pub use crate::timeout::timeout::Timer;
#[cfg(feature = "declare")]
pub use inventory::submit;

/// Makes a call site known before its first call.
#[cfg(feature = "declare")]
#[doc(hidden)]
#[macro_export]
macro_rules! __declare {
    ($site:ident) => {
        $crate::__private::submit! { $crate::__private::Declared(&$site) }
    };
}

#[cfg(not(feature = "declare"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __declare {
    ($site:ident) => {};
}

pub use crate::__declare as declare;

/// Marks a body that has been expanded.
pub const __RESILIENCE_EXPANDED: () = ();

/// Stands for a value of the declared return type, in code that never runs: it tells the compiler the type of the body.
pub fn never<T>() -> T {
    unreachable!("an expansion names this in dead code only")
}

/// What a decorated function returns: a `Result`, under whatever alias.
#[diagnostic::on_unimplemented(
    message = "a decorated function must return a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "what failed is told from what did not by `Err`: return `Result<{Self}, SomeError>`"
)]
pub trait Outcome: Sized {
    type Value;
    type Error;

    fn into_result(self) -> Result<Self::Value, Self::Error>;
    fn from_result(result: Result<Self::Value, Self::Error>) -> Self;
}

impl<T, E> Outcome for Result<T, E> {
    type Value = T;
    type Error = E;

    #[inline]
    fn into_result(self) -> Self {
        self
    }

    #[inline]
    fn from_result(result: Self) -> Self {
        result
    }
}

/// An error that can hold that of a layer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a `{Error}`",
    label = "does not implement `From<{Error}>`",
    note = "add a variant to it, such as `#[error(transparent)] Turned(#[from] {Error})`",
    note = "if it is a type parameter, add the bound `{Self}: From<{Error}>`",
    note = "or say in the attribute how to make one: `error = |error| ..`; in a circuit `open = |open| ..`"
)]
pub trait Holds<Error> {
    fn hold(error: Error) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<Error>, Error> Holds<Error> for E {
    fn hold(error: Error) -> Self {
        error.into()
    }
}

/// The outcome of a call that a layer has rejected, or ended.
pub fn rejected<R: Outcome, Error>(error: Error) -> R
where
    R::Error: Holds<Error>,
{
    R::from_result(Err(Holds::hold(error)))
}

/// The outcome of a call that a layer has rejected, or ended, made by the user's function.
pub fn rejected_with<T, E, Error>(error: Error, make: impl FnOnce(Error) -> E) -> Result<T, E> {
    Err(make(error))
}

/// The bulkhead of a function; the values have been checked by the attribute.
pub fn declared_bulkhead(func: &'static str, max: u32, wait: Duration) -> Bulkhead {
    Bulkhead::new(Cow::Borrowed(func).into(), max, wait)
}

/// A bulkhead of the user's: a clone, so that nothing stays borrowed while the body runs.
pub fn held_bulkhead(bulkhead: &Bulkhead) -> Bulkhead {
    bulkhead.clone()
}

/// The rate limit of a function; the values have been checked by the attribute.
pub fn declared_rate_limit(func: &'static str, per_second: u32, burst: u32) -> RateLimit {
    RateLimit::new(Cow::Borrowed(func).into(), per_second, burst)
}

/// A rate limit of the user's: a clone, so that nothing stays borrowed while the body runs.
pub fn held_rate_limit(limit: &RateLimit) -> RateLimit {
    limit.clone()
}

/// Whether the latest attempt of a call was turned away, or ended by the deadline of the caller.
#[derive(Clone, Copy, Debug)]
pub enum Turned {
    None,
    Open,
    Limited,
    Late,
}

impl Turned {
    pub fn late(error: TimeoutError) -> Self {
        if error.by_deadline() { Self::Late } else { Self::None }
    }

    pub fn away(self) -> bool {
        matches!(self, Self::Open | Self::Limited)
    }

    pub fn by_circuit(self) -> bool {
        matches!(self, Self::Open)
    }

    /// What ended the call is no matter of the service.
    pub fn by_caller(self) -> bool {
        matches!(self, Self::Limited | Self::Late)
    }
}

/// The error that a fallback is wanted for, or the outcome.
#[expect(clippy::inline_always, reason = "measured: an outcome that goes through memory costs as much as a breaker")]
#[inline(always)]
pub fn fall_back<R: Outcome>(outcome: R, wanted: bool, func: &str, text: impl Text<R>) -> ControlFlow<R, R::Error> {
    let error = match outcome.into_result() {
        Ok(value) => return ControlFlow::Break(R::from_result(Ok(value))),
        Err(error) if wanted => error,
        Err(error) => return ControlFlow::Break(R::from_result(Err(error))),
    };
    if !events::debug_wanted() {
        return ControlFlow::Continue(error);
    }
    let outcome = R::from_result(Err(error));
    events::fell_back(func, text(&outcome));
    match outcome.into_result() {
        Err(error) => ControlFlow::Continue(error),
        result => ControlFlow::Break(R::from_result(result)),
    }
}

/// The error of a call that a timeout has ended.
pub fn timed_out(func: &str, allowed: Duration, after: Duration) -> TimeoutError {
    TimeoutError::tell(func, allowed, after)
}

/// A breaker of the user's, as a circuit of its own: a clone, so that nothing stays borrowed while the body runs.
#[derive(Debug)]
pub struct Held(pub(crate) CircuitBreaker);

impl Held {
    pub fn new(breaker: &CircuitBreaker) -> Self {
        Self(breaker.clone())
    }

    /// # Errors
    ///
    /// When the circuit rejects the call.
    #[inline]
    pub fn acquire(&self) -> Result<Permit<'_>, CircuitOpenError> {
        self.0.try_acquire()
    }

    #[inline]
    pub fn breaker(&self) -> &CircuitBreaker {
        &self.0
    }
}

/// Marks the permit while `body` is polled, so that a panic in it counts as a failure and a drop does not.
#[inline]
pub fn watch<'p, 'b, F: Future>(permit: &'p mut Permit<'b>, body: F) -> Watched<'p, 'b, F> {
    Watched::new(permit, body)
}

// An outcome goes through `settle` and `next` by value, and what succeeded is taken apart at once: its payload stays in a
// register then, where a reference to the outcome would keep all of it in memory.

/// Ends a call: an `Err` is a failure.
#[inline]
pub fn settle<R: Outcome>(permit: Permit<'_>, outcome: R, text: impl Text<R>) -> R {
    let ending = permit.end();
    match outcome.into_result() {
        Ok(value) => {
            ending.success();
            R::from_result(Ok(value))
        }
        Err(error) => fail(ending, R::from_result(Err(error)), text, None),
    }
}

/// Ends a call by what the user's functions say: an `Err` is a failure or no verdict, an `Ok` a success or a failure.
#[inline]
pub fn settle_by<T, E>(
    permit: Permit<'_>,
    outcome: Result<T, E>,
    text: impl Text<Result<T, E>>,
    failure_if: impl FnOnce(&E) -> bool,
    failure_if_ok: impl FnOnce(&T) -> bool,
    retry_after: impl FnOnce(&E) -> Option<Duration>,
) -> Result<T, E> {
    match outcome {
        Ok(value) => {
            if failure_if_ok(&value) {
                permit.failure();
            } else {
                permit.end().success();
            }
            Ok(value)
        }
        Err(error) if failure_if(&error) => {
            let retry_after = retry_after(&error);
            fail(permit.end(), Err(error), text, retry_after)
        }
        Err(error) => {
            permit.ignore();
            Err(error)
        }
    }
}

#[expect(clippy::inline_always, reason = "measured: an outcome that goes through memory here does so everywhere")]
#[inline(always)]
fn fail<R>(ending: Ending<'_>, outcome: R, text: impl Text<R>, retry_after: Option<Duration>) -> R {
    ending.failure(text(&outcome), retry_after);
    outcome
}

/// The text of the error in an outcome, where its type shows one: see [`Shown`].
pub trait Text<R>: for<'a> FnOnce(&'a R) -> Option<&'a dyn Display> {}

impl<R, F: for<'a> FnOnce(&'a R) -> Option<&'a dyn Display>> Text<R> for F {}

/// Finds the text of an error whose type shows one, without a bound: `Shown::of(&outcome).__error()` is the method
/// here where `E: Display`, and that of [`NotShown`] elsewhere. No trait of the user's for all types has its name: it would
/// come before that of `NotShown`.
#[derive(Debug)]
pub struct Shown<'a, R>(&'a R);

#[derive(Debug)]
pub struct NotShown;

impl<'a, R> Shown<'a, R> {
    #[inline]
    pub fn of(outcome: &'a R) -> Self {
        Self(outcome)
    }
}

impl<'a, T, E: Display> Shown<'a, Result<T, E>> {
    #[inline]
    pub fn __error(&self) -> Option<&'a dyn Display> {
        self.0.as_ref().err().map(|error| error as &dyn Display)
    }
}

impl<R> Deref for Shown<'_, R> {
    type Target = NotShown;

    fn deref(&self) -> &NotShown {
        &NotShown
    }
}

impl NotShown {
    #[inline]
    pub fn __error(&self) -> Option<&'static dyn Display> {
        None
    }
}
