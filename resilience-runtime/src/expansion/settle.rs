//! The functions with which an expansion ends a call.
#![allow(missing_docs, clippy::missing_errors_doc)] // public items here are hidden in `__private`

use std::fmt::Display;
use std::future::Future;
use std::ops::ControlFlow;
use std::time::Duration;

use tracing::debug;

use crate::base::outcome::Outcome;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::core::core::Core;
use crate::circuit::error::CircuitOpenError;
use crate::circuit::permit::{Admitted, Permit, Watched};
use crate::events::{self, TARGET, excerpt};
use crate::expansion::cause::Cause;
use crate::expansion::text::Text;

/// Marks the permit while `body` is polled. A panic of the body then counts as a failure, and a drop does not.
#[inline]
pub fn watch<'p, 'b, F: Future>(permit: &'p mut Permit<'b>, body: F) -> Watched<'p, 'b, F> {
    Watched::new(permit, body)
}

// `settle` and `next` take an outcome by value and take a success apart at once, so that its value stays in a register.
// A reference to the outcome would keep the whole outcome in memory.

/// Ends a call. An `Err` is a failure, unless `cause` finds a rejection or a deadline in it.
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
            let cause = cause(&error);
            if cause.is_neutral() {
                end_neutral(call, cause);
            } else {
                call.failure(text(&error), None);
            }
            R::from_result(Err(error))
        }
    }
}

/// Ends a call by the user's functions. They decide whether an `Err` is a failure or ignored, and whether an `Ok` is a
/// success or a failure.
///
/// `cause` finds a rejection or a deadline in an error, unless the user's `failure_if` decides about them.
#[inline]
pub fn settle_by<T, E>(
    permit: Permit<'_>,
    outcome: Result<T, E>,
    text: impl Text<E>,
    cause: impl FnOnce(&E) -> Cause,
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
        Err(error) => {
            let cause = cause(&error);
            if !cause.is_neutral() && failure_if(&error) {
                let retry_after = retry_after(&error);
                permit.end().failure(text(&error), retry_after);
            } else {
                end_neutral(permit.end(), cause);
            }
            Err(error)
        }
    }
}

/// Admits a call whose body is [watched](watch).
///
/// # Errors
///
/// Returns the rejection if the circuit rejects the call.
#[inline]
pub fn admit(breaker: &CircuitBreaker) -> Result<Permit<'_>, CircuitOpenError> {
    breaker.acquire()
}

/// Ends a call that a layer below rejected, or that the deadline of the caller ended.
pub fn end_by_caller(permit: Permit<'_>, cause: Cause) {
    end_neutral(permit.end(), cause);
}

#[cold]
fn end_neutral(call: Admitted<&Core>, cause: Cause) {
    match cause {
        Cause::Deadline => call.end_late(),
        _ => call.ignore(),
    }
}

/// Returns the error that a fallback replaces, or the outcome.
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
    debug!(name: "fell_back", target: TARGET, func, error = excerpt(error), "fell_back");
}
