//! Defines the declaration of a circuit: the name and the options of one attribute. With the feature `declare`, all
//! declarations of the program are collected at link time.
#![allow(missing_docs)] // no docs needed: only the hidden module `__private` exports these items

use std::collections::BTreeMap;
use std::panic::Location;
use std::time::Duration;

#[cfg(feature = "faults")]
use crate::base::function::{Function, Position};
use crate::base::require::require;
use crate::base::sync::{Arc, OnceLock};
use crate::circuit::options::{Counting, Options, circuit_options};
use crate::registry::written::Written;

/// The name and the options of one `#[circuit]`.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct CircuitDeclaration {
    pub(crate) name: &'static str,
    pub(crate) written: Written,
    /// Whether the attribute has the option `key`.
    pub(crate) keyed: bool,
    /// The position of the attribute among the attributes of its function.
    #[cfg(feature = "faults")]
    pub(crate) position: Option<Position>,
}

impl CircuitDeclaration {
    #[track_caller]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            written: Written { options: Options::NONE, place: Location::caller() },
            keyed: false,
            #[cfg(feature = "faults")]
            position: None,
        }
    }

    /// Sets the position of the attribute on its function. `index` is the number of attributes above this attribute.
    #[cfg(feature = "faults")]
    pub const fn within(mut self, function: &'static Function, index: usize) -> Self {
        self.position = Some(Position { function, index });
        self
    }

    /// Checks the options that depend on each other, such as `threshold` and `calls`. If the user sets such an option
    /// to a constant, the generated code calls this method, because the macro does not know the value.
    #[track_caller]
    pub const fn checked(self) -> Self {
        let Options { threshold, calls, min_calls, cooldown, max_cooldown, .. } = self.written.options;
        if let Some(calls) = calls {
            if let Some(min_calls) = min_calls {
                require(min_calls <= calls, "`min_calls` must be at most `calls`");
            }
            if let Some(threshold) = threshold {
                require(threshold <= calls, "`threshold` must be at most `calls`");
            }
        }
        if let (Some(max), Some(cooldown)) = (max_cooldown, cooldown) {
            require(cooldown.as_nanos() <= max.as_nanos(), "`max_cooldown` must be at least as long as `cooldown`");
        }
        self
    }

    /// Sets the source position of the attribute to the position of the caller.
    #[track_caller]
    pub const fn placed(mut self) -> Self {
        self.written.place = Location::caller();
        self
    }

    /// Records that the attribute has the option `key`.
    pub const fn keyed(mut self) -> Self {
        self.keyed = true;
        self
    }
}

macro_rules! written {
    ($($name:ident $option:ident: $type:ty,)*) => {
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

/// A reference to the declaration of one `#[circuit]`. The crate `inventory` collects all values of this type.
#[cfg(feature = "declare")]
#[derive(Debug)]
pub struct DeclaredCircuit(pub &'static CircuitDeclaration);

#[cfg(feature = "declare")]
inventory::collect!(DeclaredCircuit);

/// The options of all `#[circuit]` attributes with one name. The list `circuit` belongs to the attributes without the
/// option `key`, and the list `family` to the attributes with `key`. Each list is sorted by file, line and column.
#[derive(Debug, Default)]
pub(crate) struct Declarations {
    pub(crate) circuit: Vec<Arc<Written>>,
    pub(crate) family: Vec<Arc<Written>>,
}

/// Returns the options in all `#[circuit]` attributes of the program, by circuit name. Without the feature `declare`,
/// the map is empty.
pub(crate) fn declared() -> &'static BTreeMap<&'static str, Declarations> {
    static DECLARED: OnceLock<BTreeMap<&'static str, Declarations>> = OnceLock::new();
    DECLARED.get_or_init(|| {
        let mut by_name = BTreeMap::<_, Declarations>::new();
        for CircuitDeclaration { name, written, keyed, .. } in all() {
            let Declarations { circuit, family } = by_name.entry(name).or_default();
            let list = if keyed { family } else { circuit };
            list.push(Arc::new(written));
        }
        for Declarations { circuit, family } in by_name.values_mut() {
            circuit.sort_by_key(|written| written.order());
            family.sort_by_key(|written| written.order());
        }
        by_name
    })
}

/// Returns the options in all `#[circuit]` attributes with this name.
pub(super) fn declarations(name: &str) -> &'static Declarations {
    static NONE: Declarations = Declarations { circuit: Vec::new(), family: Vec::new() };
    declared().get(name).unwrap_or(&NONE)
}

#[cfg(feature = "declare")]
pub(crate) fn all() -> impl Iterator<Item = CircuitDeclaration> {
    inventory::iter::<DeclaredCircuit>.into_iter().map(|declared| *declared.0)
}

#[cfg(not(feature = "declare"))]
fn all() -> impl Iterator<Item = CircuitDeclaration> {
    std::iter::empty()
}
