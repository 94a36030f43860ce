//! Creates the return values of calls that an attribute has rejected or ended.
#![allow(missing_docs, clippy::missing_errors_doc)] // Items without docs belong to the hidden module `__private`.

use std::time::Duration;

use crate::base::existing::Note;
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

/// Creates the error of a call that a `#[timeout]` ended.
pub fn timed_out(timeout: &Timeout, func: &str, allowed: Duration, by_deadline: bool) -> TimeoutError {
    timeout.end(func, allowed, by_deadline)
}

/// Removes the kind of error that is stored on this thread. The generated code calls this function after it has
/// converted the error of a `#[timeout]`. The stored kind belongs to an earlier poll, or to a call that the user's
/// conversion made, for example through an open circuit.
pub fn forget_error() {
    Note::forget();
}
