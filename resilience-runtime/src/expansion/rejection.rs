//! Finds a rejection by a layer of another function in an error.
#![allow(missing_docs)] // public items here are hidden in `__private`

use std::error::Error;
use std::ops::Deref;

use crate::base::not_made::{ByBulkhead, ByCircuit, ByDeadline, ByRateLimit, NotMade};
use crate::expansion::cause::Cause;

/// Returns the cause in the sources of an error, which start with `source`.
#[inline]
fn cause(source: Option<&(dyn Error + 'static)>) -> Cause {
    source.map_or(Cause::None, of_sources)
}

fn of_sources(source: &(dyn Error + 'static)) -> Cause {
    // Errors whose sources form a ring must not block the call.
    const DEEPEST: usize = 64;
    std::iter::successors(Some(source), |error: &&(dyn Error + 'static)| (*error).source())
        .take(DEEPEST)
        .find_map(|source| {
            if source.is::<NotMade<ByCircuit>>() {
                return Some(Cause::Circuit);
            }
            if source.is::<NotMade<ByBulkhead>>() || source.is::<NotMade<ByRateLimit>>() {
                return Some(Cause::Limit);
            }
            source.downcast_ref().map(|by| match by {
                ByDeadline::Before => Cause::Limit,
                ByDeadline::During => Cause::Deadline,
            })
        })
        .unwrap_or(Cause::None)
}

/// Finds the cause of an error. The type of the error needs no bound.
///
/// The expansion calls `Rejection::of(&error).__cause()`. The compiler selects the first of the methods below that
/// suits the type of the error. Each method is one dereference behind the previous one.
///
/// Four kinds of errors need four types, because inherent methods of one type must not overlap. A trait for references
/// of different depth would need one type, but the expansion would have to import the trait.
#[derive(Debug)]
pub struct Rejection<'a, E>(Boxed<'a, E>);

#[derive(Debug)]
pub struct Boxed<'a, E>(SendBoxed<'a, E>);

#[derive(Debug)]
pub struct SendBoxed<'a, E>(&'a E, Opaque);

#[derive(Debug)]
pub struct Opaque;

impl<'a, E> Rejection<'a, E> {
    #[inline]
    pub fn of(error: &'a E) -> Self {
        Self(Boxed(SendBoxed(error, Opaque)))
    }
}

impl<E: Error> Rejection<'_, E> {
    pub fn __cause(&self) -> Cause {
        cause(self.0.0.0.source())
    }
}

/// Suits `Box<dyn Error>`. The error may contain borrows, but its sources cannot.
impl<'e, E: AsRef<dyn Error + 'e>> Boxed<'_, E> {
    pub fn __cause(&self) -> Cause {
        cause(self.0.0.as_ref().source())
    }
}

/// Suits `Box<dyn Error + Send + Sync>` and `anyhow::Error`.
impl<'e, E: AsRef<dyn Error + Send + Sync + 'e>> SendBoxed<'_, E> {
    pub fn __cause(&self) -> Cause {
        cause(self.0.as_ref().source())
    }
}

impl Opaque {
    #[expect(clippy::unused_self, reason = "a method like the other three")]
    #[inline]
    pub fn __cause(&self) -> Cause {
        Cause::Unknown
    }
}

impl<'a, E> Deref for Rejection<'a, E> {
    type Target = Boxed<'a, E>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, E> Deref for Boxed<'a, E> {
    type Target = SendBoxed<'a, E>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<E> Deref for SendBoxed<'_, E> {
    type Target = Opaque;

    fn deref(&self) -> &Self::Target {
        &self.1
    }
}
