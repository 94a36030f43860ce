//! Gives decorated functions access to their layers, such as a circuit or a bulkhead.
//!
//! A [`Site`] is a static variable in the generated code of an attribute. The static variable holds the layer that all
//! calls of the function share. The first call that needs this layer finds or creates it. With the option `with` or
//! `key`, each call may use a different layer. The call then holds a clone of its layer in an
//! [`Owned`](crate::registry::owned::Owned).
#![allow(missing_docs)] // Only the hidden module `__private` exports the items without docs.

use once_cell::race::OnceBox;

use crate::base::scope::scoped;
use crate::circuit::breaker::CircuitBreaker;
use crate::registry::declared::CircuitDeclaration;
#[cfg(feature = "declare")]
use crate::registry::declared::DeclaredCircuit;
use crate::registry::keyed_circuits::KeyedCircuits;
use crate::registry::layer::LayerDeclaration;
use crate::registry::layers::Listed;
use crate::registry::mistake::SettingsMistake;
use crate::registry::registry;

/// A layer that all calls of a function share, such as a circuit. For a `#[circuit]` with the option `key`, the layer
/// is the whole set of circuits, a [`KeyedCircuits`].
pub trait Shared: Clone + Send + Sync + 'static {
    /// The name and the options of the attribute. The macro or the compiler has checked the ranges of the options.
    type Declaration: Copy;

    /// Creates the layer, or finds the layer that already exists under this name. Also returns the mistakes for which
    /// the caller must emit events: contradictory options, and missing required options.
    fn resolve(declaration: &'static Self::Declaration) -> (Self, Vec<SettingsMistake>);
}

/// The static variable in the generated code of an attribute. The `Site` contains the declaration (the name and the
/// options) and, after the first use, the layer.
#[derive(Debug)]
pub struct Site<T: Shared> {
    declaration: T::Declaration,
    // With a `OnceBox` in place of a `OnceLock`, a call of a circuit needs one instruction less. A call of a rate limit
    // needs three instructions less.
    layer: OnceBox<T>,
}

impl<T: Shared> Site<T> {
    pub const fn new(declaration: T::Declaration) -> Self {
        Self { declaration, layer: OnceBox::new() }
    }

    pub const fn declaration(&'static self) -> &'static T::Declaration {
        &self.declaration
    }

    /// Returns the layer of the attribute. The first call finds or creates the layer.
    #[inline]
    pub fn get(&'static self) -> &'static T {
        let layer = scoped(&self.layer, OnceBox::new);
        layer.get().unwrap_or_else(|| self.resolve(layer))
    }

    #[cold]
    fn resolve(&'static self, holder: &'static OnceBox<T>) -> &'static T {
        let (layer, mistakes) = T::resolve(&self.declaration);
        let found = holder.get_or_init(|| Box::new(layer));
        // Stores the layer before the events are emitted, because a subscriber may call the decorated function. If two
        // threads make the first call at once, `T::resolve` returns the mistakes to only one of them.
        mistakes.iter().for_each(SettingsMistake::emit);
        found
    }
}

#[cfg(feature = "declare")]
impl Site<CircuitBreaker> {
    pub const fn declared(&'static self) -> DeclaredCircuit {
        DeclaredCircuit(self.declaration())
    }
}

#[cfg(feature = "declare")]
impl Site<KeyedCircuits> {
    pub const fn declared(&'static self) -> DeclaredCircuit {
        DeclaredCircuit(self.declaration())
    }
}

impl Shared for CircuitBreaker {
    type Declaration = CircuitDeclaration;

    fn resolve(CircuitDeclaration { name, written, .. }: &'static CircuitDeclaration) -> (Self, Vec<SettingsMistake>) {
        let (breaker, conflicts) = registry::join(name, *written);
        (breaker, conflicts.into_iter().map(SettingsMistake::CircuitConflict).collect())
    }
}

impl Shared for KeyedCircuits {
    type Declaration = CircuitDeclaration;

    fn resolve(CircuitDeclaration { name, written, .. }: &'static CircuitDeclaration) -> (Self, Vec<SettingsMistake>) {
        let (family, conflicts) = registry::join_family(name, *written);
        (Self::new(family), conflicts.into_iter().map(SettingsMistake::CircuitConflict).collect())
    }
}

impl<L: Listed> Shared for L {
    type Declaration = LayerDeclaration<L>;

    fn resolve(declaration: &'static LayerDeclaration<L>) -> (Self, Vec<SettingsMistake>) {
        L::layers().join(declaration)
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;
    #[cfg(not(feature = "declare"))]
    use crate::registry::all_circuits::check_circuits;
    use crate::registry::part;

    #[test]
    fn second_call_takes_no_lock_of_the_registry() {
        static SITE: Site<CircuitBreaker> = Site::new(CircuitDeclaration::new("site::lock"));
        SITE.get();
        let (end, ended) = mpsc::channel();
        let call = move || {
            let _ = end.send(SITE.get().name());
        };
        let free = part::with_all_parts_locked(|| {
            thread::spawn(call);
            ended.recv_timeout(Duration::from_secs(5)).is_ok()
        });
        assert!(free);
    }

    #[cfg(not(feature = "declare"))]
    #[test]
    fn options_apply_from_first_call_of_their_function() {
        static FIRST: Site<CircuitBreaker> = Site::new(CircuitDeclaration::new("site").threshold(7));
        crate::__declare!(FIRST);
        static SECOND: Site<CircuitBreaker> =
            Site::new(CircuitDeclaration::new("site").threshold(9).cooldown(Duration::from_secs(1)));
        crate::__declare!(SECOND);

        assert!(registry::get_circuit("site").is_none());
        let called_first = SECOND.get().stats();
        assert_eq!((called_first.threshold, called_first.cooldown), (9, Duration::from_secs(1)));
        assert_eq!(FIRST.get().stats().threshold, 9, "the function that is called first wins");
        assert_eq!(check_circuits().unwrap_err().len(), 1);
    }
}
