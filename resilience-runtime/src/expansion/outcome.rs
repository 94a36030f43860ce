//! Creates the return values of calls that an attribute has rejected or ended.
#![allow(missing_docs, clippy::missing_errors_doc)] // Items without docs belong to the hidden module `__private`.

use std::time::Duration;

use crate::base::existing::{LastError, Note};
use crate::base::outcome::Outcome;
use crate::timeout::error::TimeoutError;
use crate::timeout::timeout::Timeout;

/// Tells the compiler the output type of the `async` block that contains the function's body. The `async` block begins
/// with the statement `return never::<T>()`, in a branch that never runs. `T` is the return type of the user's
/// function.
pub fn never<T>() -> T {
    unreachable!("an expansion names this in dead code only")
}

/// A bound on the user's error type: the type must implement `From<Error>`. The parameter `Error` is the error type of
/// an attribute, such as `CircuitOpenError`. If the signature of the function shows the error type, `From<Rejection>`
/// also suffices (see [`Conversion`](crate::expansion::conversion::Conversion)).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a `{Error}`",
    label = "implements neither `From<Rejection>` nor `From<{Error}>`",
    note = "add a variant such as `#[error(transparent)] Rejected(#[from] Rejection)`",
    note = "if it is a type parameter, add the bound `{Self}: From<Rejection>`",
    note = "or write in the attribute how to make one: `error = |error| ..`"
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

/// Creates the return value of a call that an attribute of the function has rejected or ended. `From` converts the
/// error of the attribute to the user's error type.
pub fn rejected<R: Outcome, Error>(error: Error) -> R
where
    R::Error: Holds<Error>,
{
    R::from_result(Err(Holds::hold(error)))
}

/// Creates the return value of a call that an attribute of the function has rejected or ended. The user's function
/// `make` converts the error of the attribute to the user's error type.
pub fn rejected_with<R: Outcome, Error>(error: Error, make: impl FnOnce(Error) -> R::Error) -> R {
    R::from_result(Err(make(error)))
}

/// Returns the outcome of a call that a `#[timeout]` ended. The function `convert` converts the error of the timeout to
/// this outcome.
///
/// Also calls `Note::forget`, because an earlier poll may have stored the kind of another error in a thread-local
/// variable. The user's code in `convert` may call a function that a circuit rejects, and thereby store another kind.
/// `timed_out` therefore restores the variable after `convert`.
pub fn timed_out<R>(
    timeout: &Timeout,
    func: &str,
    allowed: Duration,
    by_deadline: bool,
    convert: impl FnOnce(TimeoutError) -> R,
) -> R {
    Note::forget();
    let last = LastError::get();
    let outcome = convert(timeout.end(func, allowed, by_deadline));
    last.set();
    outcome
}
