//! Defines functions for the generated code of a plain function (a function that is not `async`). If one of these
//! functions has a counterpart for async functions, both have the same name.
#![allow(missing_docs, clippy::missing_errors_doc)] // Items without docs belong to the hidden module `__private`.

use std::time::Duration;

use crate::base::blocking;
use crate::base::noted::note_value;
use crate::circuit::permit::Permit;

pub use crate::bulkhead::bulkhead::{acquire_blocking as acquire, acquire_blocking_within as acquire_within};
pub use crate::rate_limit::acquire::{
    acquire_tokens_blocking as acquire_tokens, acquire_tokens_blocking_within as acquire_tokens_within,
};

/// Runs the closure `body`, which contains the body of the decorated function. The bound on `body` tells the compiler
/// that the closure is an `FnOnce`. The closure may therefore return a borrow of a captured argument.
#[inline]
pub fn run<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// Calls the closure `body` with six arguments. The generated code uses `pass` if the body of the decorated function
/// overwrites an argument. The bound on `body` tells the compiler the types of the closure's parameters before the
/// compiler checks the body.
#[inline]
pub fn pass<A, B, C, D, E, F, R>(
    first: A,
    second: B,
    third: C,
    fourth: D,
    fifth: E,
    sixth: F,
    body: impl FnOnce(A, B, C, D, E, F) -> R,
) -> R {
    body(first, second, third, fourth, fifth, sixth)
}

/// Blocks the thread for the pause of a retry.
pub fn sleep(pause: Duration) {
    blocking::sleep(pause);
}

/// Returns a closure that runs `body`. If `body` panics, the circuit of `permit` counts a failure.
#[inline]
pub fn watch<R>(permit: &mut Permit<'_>, body: impl FnOnce() -> R) -> impl FnOnce() -> R {
    || permit.run_blocking(body)
}

/// Works like [`watch`], for a circuit with the option `failure_if_ok`.
#[inline]
pub fn watch_values<R>(permit: &mut Permit<'_>, body: impl FnOnce() -> R) -> impl FnOnce() -> R {
    watch(permit, || note_value(body))
}
