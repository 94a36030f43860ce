//! The circuits that attributes stand for: each declares itself at link time and finds its breaker at its first call.
#![allow(missing_docs)] // what is public here is hidden in `__private`

use std::panic::Location;
use std::time::Duration;

use crate::base::sync::OnceLock;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::error::CircuitOpenError;
use crate::circuit::permit::Permit;
use crate::circuit::settings::{Options, circuit_options};
use crate::events;
use crate::registry::registry::{self, Written};

/// What one `#[circuit]` says.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Declaration {
    pub(crate) name: &'static str,
    pub(crate) written: Written,
}

impl Declaration {
    #[track_caller]
    pub const fn new(name: &'static str) -> Self {
        Self { name, written: Written { options: Options::NONE, place: Location::caller() } }
    }
}

macro_rules! written {
    ($($option:ident: $type:ty => $kind:ident,)*) => {
        impl Declaration {
            $(
                pub const fn $option(mut self, value: $type) -> Self {
                    self.written.options.$option = Some(value);
                    self
                }
            )*
        }
    };
}
circuit_options!(written);

/// One `#[circuit]` in the program, with the breaker that it resolves to at its first call.
#[derive(Debug)]
pub struct CallSite {
    declaration: Declaration,
    breaker: OnceLock<CircuitBreaker>,
}

impl CallSite {
    pub const fn new(declaration: Declaration) -> Self {
        Self { declaration, breaker: OnceLock::new() }
    }

    /// # Errors
    ///
    /// When the circuit rejects the call.
    #[inline]
    pub fn acquire(&'static self) -> Result<Permit<'static>, CircuitOpenError> {
        self.breaker().try_acquire()
    }

    #[inline]
    pub fn breaker(&'static self) -> &'static CircuitBreaker {
        self.breaker.get().unwrap_or_else(|| self.resolve())
    }

    #[cold]
    fn resolve(&'static self) -> &'static CircuitBreaker {
        let Declaration { name, written } = self.declaration;
        let (breaker, conflicts) = registry::join(name, written);
        // Of two first calls at once, one tells about conflicts; and only once the breaker is there, so that a
        // subscriber may call the very function that this call site belongs to.
        if self.breaker.set(breaker.clone()).is_ok() {
            conflicts.iter().for_each(events::conflict);
        }
        self.breaker.get_or_init(|| breaker)
    }
}

/// What is collected at link time.
#[cfg(feature = "declare")]
#[derive(Debug)]
pub struct Declared(pub &'static CallSite);

#[cfg(feature = "declare")]
inventory::collect!(Declared);

#[cfg(feature = "declare")]
pub(crate) fn declarations() -> impl Iterator<Item = Declaration> {
    inventory::iter::<Declared>.into_iter().map(|declared| declared.0.declaration)
}

#[cfg(not(feature = "declare"))]
pub(crate) fn declarations() -> impl Iterator<Item = Declaration> {
    std::iter::empty()
}
