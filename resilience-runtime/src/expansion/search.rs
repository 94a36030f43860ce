//! Finds out whether an error reports a rejected call or an expired deadline. A circuit, a bulkhead or a rate limit can
//! reject a call.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::error::Error;
use std::ops::Deref;

use crate::base::not_made::{ByBulkhead, ByCircuit, ByRateLimit, NotMade, chain};
use crate::expansion::cause::Cause;

/// Searches the chain of sources that begins with `source`, and returns the first rejection or deadline in this chain.
/// The error of a rejected call has a source of the type [`NotMade`]. The error of a timeout has a source of the type
/// [`TimedOut`](crate::base::not_made::TimedOut).
#[inline]
pub(crate) fn cause(source: Option<&(dyn Error + 'static)>) -> Cause {
    source.map_or(Cause::None, of_sources)
}

fn of_sources(source: &(dyn Error + 'static)) -> Cause {
    let cause = chain(source).find_map(|source| {
        if source.is::<NotMade<ByCircuit>>() {
            return Some(Cause::Circuit);
        }
        if source.is::<NotMade<ByBulkhead>>() {
            return Some(Cause::Limit);
        }
        if let Some(mark) = source.downcast_ref::<NotMade<ByRateLimit>>() {
            return Some(if mark.is_above_burst() { Cause::AboveBurst } else { Cause::Limit });
        }
        source.downcast_ref().map(Cause::of_end)
    });
    cause.unwrap_or(Cause::None)
}

/// Finds the [`Cause`] of an error of any type.
///
/// The generated code calls `Search::of(&error).__cause()`. The following four types have a method `__cause`. Each
/// type in the list dereferences to the next type in the list. The compiler therefore selects the first type in the
/// list that applies to the error:
///
/// - `Search` applies to an error that implements `Error`.
/// - `Boxed` applies to a `Box<dyn Error>`.
/// - `SendBoxed` applies to a `Box<dyn Error + Send + Sync>` or an `anyhow::Error`.
/// - `Opaque` applies to an error of any type.
///
/// Four types are necessary, because one type cannot have several inherent methods of the same name. Autoref
/// specialization would need only one type, but the generated code would then have to import traits.
#[derive(Debug)]
pub struct Search<'a, E>(Boxed<'a, E>);

#[derive(Debug)]
pub struct Boxed<'a, E>(SendBoxed<'a, E>);

#[derive(Debug)]
pub struct SendBoxed<'a, E>(&'a E, Opaque);

#[derive(Debug)]
pub struct Opaque;

impl<'a, E> Search<'a, E> {
    #[inline]
    pub fn of(error: &'a E) -> Self {
        Self(Boxed(SendBoxed(error, Opaque)))
    }
}

impl<E: Error> Search<'_, E> {
    pub fn __cause(&self) -> Cause {
        cause(self.0.0.0.source())
    }
}

/// The error in a `Box<dyn Error + 'e>` may contain references. The sources of this error are `'static`, and can
/// therefore be downcast.
impl<'e, E: AsRef<dyn Error + 'e>> Boxed<'_, E> {
    pub fn __cause(&self) -> Cause {
        cause(self.0.0.as_ref().source())
    }
}

impl<'e, E: AsRef<dyn Error + Send + Sync + 'e>> SendBoxed<'_, E> {
    pub fn __cause(&self) -> Cause {
        cause(self.0.as_ref().source())
    }
}

impl Opaque {
    #[inline]
    pub fn __cause(&self) -> Cause {
        Cause::Unknown
    }
}

impl<'a, E> Deref for Search<'a, E> {
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
