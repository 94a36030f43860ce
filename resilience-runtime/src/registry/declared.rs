//! Layers that attributes declare, circuits at link time.
#![allow(missing_docs)] // public items here are hidden in `__private`

use std::panic::Location;
use std::time::Duration;

use crate::circuit::settings::{Options, circuit_options};
use crate::registry::written::Written;

/// The declaration of one `#[bulkhead]`.
#[derive(Clone, Copy, Debug)]
pub struct BulkheadDeclaration {
    /// The name of the function.
    pub func: &'static str,
    pub max: u32,
    pub wait: Duration,
}

/// The declaration of one `#[rate_limit]`.
#[derive(Clone, Copy, Debug)]
pub struct RateLimitDeclaration {
    /// The name of the function.
    pub func: &'static str,
    pub per_second: u32,
    pub burst: u32,
}

/// The declaration of one `#[circuit]`.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct CircuitDeclaration {
    pub(crate) name: &'static str,
    pub(crate) written: Written,
    /// Whether the attribute has a key.
    keyed: bool,
}

impl CircuitDeclaration {
    #[track_caller]
    pub const fn new(name: &'static str) -> Self {
        Self { name, written: Written { options: Options::NONE, place: Location::caller() }, keyed: false }
    }

    /// Makes this the declaration of circuits with keys.
    pub const fn keyed(mut self) -> Self {
        self.keyed = true;
        self
    }
}

macro_rules! written {
    ($($name:ident $option:ident: $type:ty => $kind:ident,)*) => {
        impl CircuitDeclaration {
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
pub struct Declared(pub &'static CircuitDeclaration);

#[cfg(feature = "declare")]
inventory::collect!(Declared);

#[cfg(feature = "declare")]
pub(crate) fn declarations() -> impl Iterator<Item = CircuitDeclaration> {
    inventory::iter::<Declared>.into_iter().map(|declared| *declared.0).filter(|declared| !declared.keyed)
}

#[cfg(not(feature = "declare"))]
pub(crate) fn declarations() -> impl Iterator<Item = CircuitDeclaration> {
    std::iter::empty()
}
