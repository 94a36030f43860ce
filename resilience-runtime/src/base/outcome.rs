//! Defines the trait that the return type of a decorated function must implement.
#![allow(missing_docs, clippy::missing_errors_doc)] // Items without docs belong to the hidden module `__private`.

/// The return type of a decorated function: a `Result`, or an alias of a `Result`.
#[diagnostic::on_unimplemented(
    message = "a decorated function must return a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "what failed is told from what did not by `Err`: return `Result<{Self}, SomeError>`",
    note = "if it is a future, write `async fn`, or end the function with `Box::pin(async move {{ other(..).await }})`"
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
