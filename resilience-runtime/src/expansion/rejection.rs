//! Finds out whether an error comes from a call that a circuit, bulkhead or rate limit rejected, or from an expired
//! deadline.
#![allow(missing_docs)] // no docs needed: the hidden module `__private` exports these items

use std::error::Error;
use std::ops::Deref;

use crate::base::not_made::{ByBulkhead, ByCircuit, ByDeadline, ByRateLimit, NotMade};
use crate::expansion::cause::Cause;

/// Searches the chain of sources that begins with `source`, and returns the first cause in this chain. The errors of
/// rejected calls and of expired deadlines have a source of the type [`NotMade`] or [`ByDeadline`].
#[inline]
fn cause(source: Option<&(dyn Error + 'static)>) -> Cause {
    source.map_or(Cause::None, of_sources)
}

fn of_sources(source: &(dyn Error + 'static)) -> Cause {
    // The maximum number of sources that the search visits. Without this limit, the search would never end if the
    // sources formed a ring.
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

/// Finds the [`Cause`] in an error of any type.
///
/// The generated code calls `Rejection::of(&error).__cause()`. Four types have a method `__cause`, each for a different
/// kind of error type. In the order of the following list, each type dereferences to the next type. The compiler
/// therefore selects the first method whose condition the error type meets:
///
/// - `Rejection`, if the error implements `Error`,
/// - `Boxed`, if the error is a `Box<dyn Error>`,
/// - `SendBoxed`, if the error is a `Box<dyn Error + Send + Sync>` or an `anyhow::Error`,
/// - `Opaque`, for all other errors.
///
/// Four types are necessary, because inherent methods of one type must not overlap. Autoref specialization would need
/// only one type. However, it uses methods of traits, and the generated code would have to import these traits.
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

/// Applies to `Box<dyn Error>`. The error itself may contain references, but its sources are `'static`, and can be
/// downcast.
impl<'e, E: AsRef<dyn Error + 'e>> Boxed<'_, E> {
    pub fn __cause(&self) -> Cause {
        cause(self.0.0.as_ref().source())
    }
}

/// Applies to `Box<dyn Error + Send + Sync>` and `anyhow::Error`.
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
