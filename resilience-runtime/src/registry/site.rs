//! Layers as an expansion holds them: a [`Site`] for the layer of an attribute, and [`Owned`] for a value of the user's.
#![allow(missing_docs)] // public items here are hidden in `__private`

use std::borrow::Cow;

use once_cell::race::OnceBox;

use crate::base::sync::Arc;
use crate::bulkhead::Bulkhead;
use crate::circuit::breaker::CircuitBreaker;
use crate::rate_limit::RateLimit;
use crate::registry::conflict::{self, CircuitConflict};
use crate::registry::declared::{BulkheadDeclaration, CircuitDeclaration, RateLimitDeclaration};
use crate::registry::family::Family;
use crate::registry::key::Key;
use crate::registry::registry;

/// A layer that the calls of one attribute share.
pub trait Shared: Clone {
    /// The name and the options of the attribute, which the attribute has checked.
    type Declaration: Copy;

    /// Returns the layer of a declaration, and its conflicts with other places.
    fn resolve(declaration: Self::Declaration) -> (Self, Vec<CircuitConflict>);
}

/// The layer of one attribute, which all calls share. The first call resolves it.
#[derive(Debug)]
pub struct Site<T: Shared> {
    declaration: T::Declaration,
    // Costs one instruction of a call less than `OnceLock`, and three of a rate limit.
    layer: OnceBox<T>,
}

impl<T: Shared> Site<T> {
    pub const fn new(declaration: T::Declaration) -> Self {
        Self { declaration, layer: OnceBox::new() }
    }

    /// Returns the declaration of the attribute, which is collected at link time.
    pub const fn declaration(&'static self) -> &'static T::Declaration {
        &self.declaration
    }

    /// Returns the layer.
    #[inline]
    pub fn get(&'static self) -> &'static T {
        self.layer.get().unwrap_or_else(|| self.resolve())
    }

    #[cold]
    fn resolve(&'static self) -> &'static T {
        let (layer, conflicts) = T::resolve(self.declaration);
        let found = self.layer.get_or_init(|| Box::new(layer));
        // The registry returns each conflict once, here to one of two first calls at the same time. The layer is set
        // before, because a subscriber may call the function of this site.
        conflicts.iter().for_each(conflict::emit);
        found
    }
}

/// A handle that belongs to one call, so that nothing of the user's stays borrowed while the body runs.
#[derive(Debug)]
pub struct Owned<T>(T);

impl<T: Clone> Owned<T> {
    pub fn new(layer: &T) -> Self {
        Self(layer.clone())
    }

    /// Returns the layer.
    #[inline]
    pub fn get(&self) -> &T {
        &self.0
    }
}

/// The circuits of one name, one for each key.
#[derive(Clone, Debug)]
pub struct KeyedCircuits(pub(crate) Arc<Family>);

impl KeyedCircuits {
    /// Returns the circuit of this key.
    pub fn of<K: Key + ?Sized>(&self, key: &K) -> Owned<CircuitBreaker> {
        Owned(self.0.breaker(key))
    }
}

impl Shared for CircuitBreaker {
    type Declaration = CircuitDeclaration;

    fn resolve(CircuitDeclaration { name, written, .. }: CircuitDeclaration) -> (Self, Vec<CircuitConflict>) {
        registry::join(name, written)
    }
}

impl Shared for KeyedCircuits {
    type Declaration = CircuitDeclaration;

    fn resolve(CircuitDeclaration { name, written, .. }: CircuitDeclaration) -> (Self, Vec<CircuitConflict>) {
        let (family, conflicts) = registry::join_family(name, written);
        (Self(family), conflicts)
    }
}

impl Shared for Bulkhead {
    type Declaration = BulkheadDeclaration;

    fn resolve(BulkheadDeclaration { func, max, wait }: BulkheadDeclaration) -> (Self, Vec<CircuitConflict>) {
        (Self::new(Cow::Borrowed(func).into(), max, wait), Vec::new())
    }
}

impl Shared for RateLimit {
    type Declaration = RateLimitDeclaration;

    fn resolve(RateLimitDeclaration { func, per_second, burst }: RateLimitDeclaration) -> (Self, Vec<CircuitConflict>) {
        (Self::new(Cow::Borrowed(func).into(), per_second, burst), Vec::new())
    }
}
