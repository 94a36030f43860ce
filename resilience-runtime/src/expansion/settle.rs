//! Defines functions for the generated code of `#[circuit]` and `#[fallback]`. The generated code calls these functions
//! at the beginning and at the end of a call.
#![allow(missing_docs, clippy::missing_errors_doc)] // Items without docs belong to the hidden module `__private`.

use std::fmt::Display;
use std::future::Future;
use std::ops::ControlFlow;
use std::time::Duration;

use crate::base::noted::{Failed, NotedValue, aside};
use crate::base::outcome::Outcome;
use crate::base::repeat::Repeat;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::call::Admitted;
use crate::circuit::core::core::Core;
use crate::circuit::error::CircuitOpenError;
use crate::circuit::permit::Permit;
use crate::circuit::watched::Watched;
use crate::events::{self, event, excerpt};
use crate::expansion::cause::Cause;
use crate::expansion::text::Text;

/// Returns a future that polls `body`. After each poll that returns `Pending`, the future marks the permit (the record
/// of an admitted call) as waiting. If the permit is dropped with this mark, the call counts as cancelled. If the
/// permit is dropped without the mark, `body` or the code of a layer below the circuit has panicked. The call then
/// counts as a failure.
#[inline]
pub fn watch<'p, 'b, F: Future>(permit: &'p mut Permit<'b>, body: F) -> Watched<'p, 'b, F> {
    Watched::new(permit, body)
}

/// Works like [`watch`], for a circuit with the option `failure_if_ok`.
#[inline]
pub fn watch_values<'p, 'b, F: Future>(permit: &'p mut Permit<'b>, body: F) -> Watched<'p, 'b, NotedValue<F>> {
    watch(permit, NotedValue::new(body))
}

// The function `settle` takes the outcome by value and matches the outcome at once. The value of a success then stays
// in a register. If `settle` took the outcome by reference, the whole outcome would have to be in memory.

/// Records the outcome of a call in the circuit of `permit`, and returns the outcome. If the function `cause` finds a
/// rejection or an expired deadline in the error of the call, the circuit ignores the call (see [`Cause::is_neutral`]).
/// Any other error counts as a failure. The function `text` returns the text of the error for events.
#[inline]
pub fn settle<R: Outcome>(
    permit: Permit<'_>,
    outcome: R,
    text: impl Text<R::Error>,
    cause: impl FnOnce(&R::Error) -> Cause,
) -> R {
    let call = permit.end();
    match outcome.into_result() {
        Ok(value) => {
            call.success();
            R::from_result(Ok(value))
        }
        Err(error) => {
            let cause = cause(&error).or_noted();
            if cause.is_neutral() {
                end_neutral(call, cause);
            } else {
                call.body_failed(text(&error), None);
            }
            R::from_result(Err(error))
        }
    }
}

/// Records the outcome of a call in the circuit of `permit`, and returns the outcome. The user's function `failure_if`
/// decides whether an `Err` counts as a failure or is ignored. The user's function `failure_if_ok` decides whether an
/// `Ok` counts as a failure or as a success. The functions `retry_after` and `retry_after_ok` return the delay that the
/// service asked for.
///
/// `asks_first` is true if the attribute has the option `failure_if`. If `asks_first` is false, `failure_if` is not
/// called. The circuit then ignores a call if `cause` finds a rejection or an expired deadline in its error. With or
/// without `failure_if`, an expired deadline counts as a failure if the body ran for the time `hung_after` or longer.
#[expect(clippy::too_many_arguments, reason = "one for each option, so that the user's closures need no types")]
#[inline]
pub fn settle_by<R: Outcome>(
    mut permit: Permit<'_>,
    outcome: R,
    text: impl Text<R::Error>,
    cause: impl FnOnce(&R::Error) -> Cause,
    asks_first: bool,
    failure_if: impl FnOnce(&R::Error) -> bool,
    failure_if_ok: impl FnOnce(&R::Value) -> bool,
    retry_after: impl FnOnce(&R::Error) -> Option<Duration>,
    retry_after_ok: impl FnOnce(&R::Value) -> Option<Duration>,
) -> R {
    permit.judge();
    match outcome.into_result() {
        Ok(value) => {
            let failed = aside(|| failure_if_ok(&value));
            let retry_after = if failed { aside(|| retry_after_ok(&value)) } else { None };
            let call = permit.end_judged();
            if failed {
                call.body_failed(None, retry_after);
            } else {
                call.success();
            }
            R::from_result(Ok(value))
        }
        Err(error) => {
            let cause = |error: &R::Error| cause(error).or_noted();
            let neutral = if asks_first {
                (!aside(|| failure_if(&error))).then(|| cause(&error))
            } else {
                Some(cause(&error)).filter(|cause| cause.is_neutral())
            };
            match neutral {
                Some(cause) => end_neutral(permit.end_judged(), cause),
                None => {
                    let retry_after = aside(|| retry_after(&error));
                    permit.end_judged().body_failed(text(&error), retry_after);
                }
            }
            R::from_result(Err(error))
        }
    }
}

/// Requests a permit from the circuit. The body of the call must run inside [`watch`], which measures the time for the
/// option `hung_after`.
///
/// `is_repeat` is true if the function also has a retry, and the call is a second or later attempt of this retry.
///
/// # Errors
///
/// Returns a [`CircuitOpenError`] if the circuit rejects the call.
#[inline]
pub fn admit(breaker: &CircuitBreaker, is_repeat: bool) -> Result<Permit<'_>, CircuitOpenError> {
    let mut permit = breaker.acquire(is_repeat)?;
    permit.resume();
    Ok(permit)
}

/// Marks the call of this permit as waiting. The code of an attribute below `#[circuit]` calls this function before
/// each wait outside the body, such as the pause of a retry. If the permit is dropped during the wait, the call counts
/// as cancelled.
#[inline]
pub fn wait(permit: &mut Permit<'_>) {
    permit.wait();
}

/// Marks the call of this permit as running. The code of an attribute below `#[circuit]` calls this function after a
/// wait. If a user's function such as `retry_if` then panics, the call counts as a failure.
#[inline]
pub fn resume(permit: &mut Permit<'_>) {
    permit.resume();
}

/// Marks the beginning of user code outside the body. Examples are the expression for the time of a timeout, and a
/// fallback function that is not `async`. If this code panics, the call of this permit counts as a failure.
#[inline]
pub fn enter(permit: &mut Permit<'_>) {
    permit.enter();
}

/// Marks the end of the user code whose beginning [`enter`] marked.
#[inline]
pub fn leave(permit: &mut Permit<'_>) {
    permit.leave();
}

/// Evaluates an expression that the user wrote in an option of an attribute. The closure makes the compiler reject an
/// expression that leaves the function, for example by `?`.
#[inline]
pub fn evaluate<T>(expression: impl FnOnce() -> T) -> T {
    expression()
}

/// Returns whether the current call belongs to a second or later attempt of another function's retry or hedge.
#[inline]
pub fn is_repeat() -> bool {
    Repeat::is_running()
}

/// Works like [`admit`], for a function with a retry, a hedge and a circuit, in this order from the top. The `key` of
/// the circuit contains the attempt number of the retry. Each attempt of the retry may therefore use a different
/// circuit, so the second attempt does not count as a repeat. The argument `is_repeat` is the value that the function
/// [`is_repeat`] returned at the beginning of the retry's attempt.
#[inline]
pub fn admit_hedged(breaker: &CircuitBreaker, is_repeat: bool) -> Result<Permit<'_>, CircuitOpenError> {
    let _mark = Repeat::mark_only(is_repeat || Repeat::is_hedged());
    admit(breaker, false)
}

/// Records a call that an attribute below `#[circuit]` rejected, or that the caller's deadline ended. `cause` is the
/// rejection or the deadline.
pub fn end_by_caller(permit: Permit<'_>, cause: Cause) {
    end_neutral(permit.end(), cause);
}

#[cold]
fn end_neutral(call: Admitted<&Core>, cause: Cause) {
    match cause {
        Cause::Deadline => call.end_late(Failed::InPoll),
        Cause::TooLate => call.end_too_late(Failed::InPoll),
        _ => call.ignore(),
    }
}

/// Decides whether a fallback replaces the outcome of a call. If the outcome is an error for which `wanted` returns
/// true, returns `ControlFlow::Continue` with the error. Otherwise, returns `ControlFlow::Break` with the outcome. The
/// function `text` returns the text of the error for the event `fell_back`.
#[expect(clippy::inline_always, reason = "measured: an outcome that goes through memory costs as much as a breaker")]
#[inline(always)]
pub fn fall_back<R: Outcome>(
    outcome: R,
    wanted: impl FnOnce(&R::Error) -> bool,
    func: &str,
    text: impl Text<R::Error>,
) -> ControlFlow<R, R::Error> {
    match outcome.into_result() {
        Err(error) if wanted(&error) => {
            if events::debug_wanted() {
                fell_back(func, text(&error));
            }
            ControlFlow::Continue(error)
        }
        outcome => ControlFlow::Break(R::from_result(outcome)),
    }
}

#[cold]
fn fell_back(func: &str, error: Option<&dyn Display>) {
    event!(debug, "fell_back", func, error = excerpt(error));
}
