//! Circuits that attributes declare at link time.
#![allow(missing_docs)] // public items here are hidden in `__private`

use std::panic::Location;
use std::time::Duration;

use crate::circuit::settings::{Options, circuit_options};
use crate::registry::written::Written;

/// The declaration of one `#[circuit]`.
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
    ($($name:ident $option:ident: $type:ty => $kind:ident,)*) => {
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

/// A declaration that is collected at link time.
#[cfg(feature = "declare")]
#[derive(Debug)]
pub struct Declared(pub &'static Declaration);

#[cfg(feature = "declare")]
inventory::collect!(Declared);

#[cfg(feature = "declare")]
pub(crate) fn declarations() -> impl Iterator<Item = Declaration> {
    inventory::iter::<Declared>.into_iter().map(|declared| *declared.0)
}

#[cfg(not(feature = "declare"))]
pub(crate) fn declarations() -> impl Iterator<Item = Declaration> {
    std::iter::empty()
}
