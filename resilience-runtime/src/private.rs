//! All that an expansion may name, and not part of the public interface.
//!
//! The layers of an expansion are plain statements; what they have to say to the runtime goes through here.
#![allow(missing_docs)] // nobody is to read them

use std::fmt::Display;
use std::future::Future;
use std::ops::Deref;
pub use std::time::Duration;

use crate::backoff::Backoff;
use crate::breaker::permit::{Permit, Watched};
use crate::error::CircuitOpenError;
use crate::retry::Schedule;

pub use tokio::time::sleep;

#[cfg(feature = "declare")]
pub use crate::declare::Declared;
pub use crate::declare::{CallSite, Declaration};
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
    message = "a function with `#[circuit]` or `#[retry]` must return a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "what failed is told from what did not by `Err`: return `Result<{Self}, SomeError>`"
)]
pub trait Outcome {
    type Error;

    fn error(&self) -> Option<&Self::Error>;
    fn from_error(error: Self::Error) -> Self;
}

impl<T, E> Outcome for Result<T, E> {
    type Error = E;

    #[inline]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }

    fn from_error(error: E) -> Self {
        Err(error)
    }
}

/// An error that can hold the rejection of a call.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold the rejection of a call by an open circuit",
    label = "does not implement `From<CircuitOpenError>`",
    note = "add a variant to it, such as `#[error(transparent)] Open(#[from] CircuitOpenError)`",
    note = "or say in the attribute how to make one: `open = |open| ..`"
)]
pub trait HoldsOpen {
    fn hold(open: CircuitOpenError) -> Self;
}

#[diagnostic::do_not_recommend]
impl<E: From<CircuitOpenError>> HoldsOpen for E {
    fn hold(open: CircuitOpenError) -> Self {
        open.into()
    }
}

/// The outcome of a call that was rejected.
pub fn rejected<R: Outcome>(open: CircuitOpenError) -> R
where
    R::Error: HoldsOpen,
{
    R::from_error(HoldsOpen::hold(open))
}

/// The outcome of a call that was rejected, made by the user's `open`.
pub fn rejected_with<T, E>(open: CircuitOpenError, make: impl FnOnce(CircuitOpenError) -> E) -> Result<T, E> {
    Err(make(open))
}

/// Marks the permit while `body` is polled, so that a panic in it counts as a failure and a drop does not.
#[inline]
pub fn watch<'p, 'b, F: Future>(permit: &'p mut Permit<'b>, body: F) -> Watched<'p, 'b, F> {
    Watched::new(permit, body)
}

/// Ends a call: an `Err` is a failure.
#[inline]
pub fn settle<R: Outcome>(permit: Permit<'_>, outcome: &R, error: Option<&dyn Display>) {
    match (outcome.error(), error) {
        (None, _) => permit.success(),
        (Some(_), Some(error)) => permit.failure_with(error),
        (Some(_), None) => permit.failure(),
    }
}

/// Ends a call: an `Err` is a failure if `failure_if` says so, and otherwise no verdict.
#[inline]
pub fn settle_if<T, E>(
    permit: Permit<'_>,
    outcome: &Result<T, E>,
    error: Option<&dyn Display>,
    failure_if: impl FnOnce(&E) -> bool,
) {
    match outcome {
        Err(failed) if !failure_if(failed) => permit.ignore(),
        _ => settle(permit, outcome, error),
    }
}

/// Finds the text of an error whose type shows one, without a bound: `Shown::of(&outcome).error()` is the method
/// here where `E: Display`, and that of [`NotShown`] elsewhere.
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
    pub fn error(&self) -> Option<&'a dyn Display> {
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
    pub fn error(&self) -> Option<&'static dyn Display> {
        None
    }
}

/// What one `#[retry]` says.
#[derive(Debug)]
pub struct Plan {
    func: &'static str,
    schedule: Schedule,
}

impl Plan {
    /// The values have been checked by the attribute.
    pub const fn new(func: &'static str, max: u32, delay: Duration, backoff: f64) -> Self {
        Self { func, schedule: Schedule { max, backoff: Backoff { delay, factor: backoff } } }
    }
}

/// A retry layer at work.
#[derive(Debug)]
pub struct Retry {
    plan: &'static Plan,
    made: u32,
}

impl Retry {
    #[inline]
    pub const fn new(plan: &'static Plan) -> Self {
        Self { plan, made: 0 }
    }

    /// A circuit below has rejected the call: no attempt shall follow.
    #[inline]
    pub fn stop(&mut self) {
        self.made = self.plan.schedule.max;
    }

    /// The pause before the next attempt, none where `outcome` is final.
    ///
    /// It is final, too, when a circuit below will still be open after the pause: there is no point in a sleep, and
    /// the error at hand says more than the rejection that would follow.
    #[inline]
    pub fn next<R: Outcome>(
        &mut self,
        outcome: &R,
        error: Option<&dyn Display>,
        below: &[&'static CallSite],
    ) -> Option<Duration> {
        outcome.error()?;
        self.after_failure(error, |delay| !stay_open(below, delay))
    }

    /// Like [`Retry::next`], and final, too, when `retry_if` says no.
    #[inline]
    pub fn next_if<T, E>(
        &mut self,
        outcome: &Result<T, E>,
        error: Option<&dyn Display>,
        below: &[&'static CallSite],
        retry_if: impl FnOnce(&E) -> bool,
    ) -> Option<Duration> {
        let failed = outcome.as_ref().err()?;
        self.after_failure(error, |delay| retry_if(failed) && !stay_open(below, delay))
    }

    fn after_failure(
        &mut self,
        error: Option<&dyn Display>,
        wanted: impl FnOnce(Duration) -> bool,
    ) -> Option<Duration> {
        self.plan.schedule.after_failure(&mut self.made, self.plan.func, error, wanted)
    }
}

fn stay_open(below: &[&'static CallSite], delay: Duration) -> bool {
    below.iter().any(|circuit| circuit.breaker().stays_open(delay))
}
