//! Converts the error of an attribute to the user's error type. The user's type implements either `From` for the
//! attribute's error, or `From<Rejection>`.
#![allow(missing_docs, clippy::missing_errors_doc)] // Items without docs belong to the hidden module `__private`.

use std::marker::PhantomData;
use std::ops::Deref;

use crate::base::outcome::Outcome;
use crate::expansion::outcome::{Holds, rejected};
use crate::rejection::Rejection;

/// Selects the conversion of an attribute's error to the user's error type. `R` is the return type of the user's
/// function. `Error` is the error type of an attribute, such as `CircuitOpenError`.
///
/// The generated code calls `Conversion::<R, _>::of(&error).__rejected(error)`. The following three types have a method
/// `__rejected`. Each type in the list dereferences to the next type in the list. The compiler therefore selects the
/// first type in the list that applies to `R`:
///
/// - `Conversion` applies if the user's error type implements `From<Error>`.
/// - `ByRejection` applies if the user's error type implements `From<Rejection>`.
/// - `NoConversion` applies to every type. If the user's error type has no conversion, the bounds of the method
///   `__rejected` cause a compile error.
#[derive(Debug)]
pub struct Conversion<R, Error>(ByRejection<R, Error>);

#[derive(Debug)]
pub struct ByRejection<R, Error>(NoConversion<R, Error>);

#[derive(Debug)]
pub struct NoConversion<R, Error>(PhantomData<fn(Error) -> R>);

impl<R, Error> Conversion<R, Error> {
    #[inline]
    pub fn of(_: &Error) -> Self {
        Self(ByRejection(NoConversion(PhantomData)))
    }
}

// The compiler selects this method if `E` implements `From<Error>`, or if the compiler has not inferred `E` yet. In the
// second case, the compiler may later infer an `E` without this implementation. Because of the bound `Holds<Error>`,
// the compiler then reports the error message of `Holds`.
impl<T, E: Holds<Error>, Error> Conversion<Result<T, E>, Error> {
    #[inline]
    pub fn __rejected(&self, error: Error) -> Result<T, E> {
        Err(Holds::hold(error))
    }
}

impl<T, E: From<Rejection>, Error: Into<Rejection>> ByRejection<Result<T, E>, Error> {
    #[inline]
    pub fn __rejected(&self, error: Error) -> Result<T, E> {
        Err(error.into().into())
    }
}

impl<R, Error> NoConversion<R, Error> {
    pub fn __rejected(&self, error: Error) -> R
    where
        R: Outcome<Error: Holds<Error>>,
    {
        rejected(error)
    }
}

impl<R, Error> Deref for Conversion<R, Error> {
    type Target = ByRejection<R, Error>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<R, Error> Deref for ByRejection<R, Error> {
    type Target = NoConversion<R, Error>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
