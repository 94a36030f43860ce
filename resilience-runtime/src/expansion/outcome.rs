//! The outcomes that an expansion creates.
#![allow(missing_docs, clippy::missing_errors_doc)] // public items here are hidden in `__private`

use std::time::Duration;

use crate::base::outcome::Outcome;
use crate::timeout::timeout::TimeoutError;

/// Returns a value of the declared return type. The call is in code that never runs, and tells the compiler the type of
/// the body.
pub fn never<T>() -> T {
    unreachable!("an expansion names this in dead code only")
}

/// An error that can be made from the error of a layer.
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

/// Creates the outcome of a call that a layer has rejected or ended.
pub fn rejected<R: Outcome, Error>(error: Error) -> R
where
    R::Error: Holds<Error>,
{
    R::from_result(Err(Holds::hold(error)))
}

/// Creates the outcome of a call that a layer has rejected or ended, by the user's function.
pub fn rejected_with<T, E, Error>(error: Error, make: impl FnOnce(Error) -> E) -> Result<T, E> {
    Err(make(error))
}

/// Creates the error of a call that a timeout has ended.
pub fn timed_out(func: &str, allowed: Duration, after: Duration) -> TimeoutError {
    TimeoutError::new(func, allowed, after)
}
