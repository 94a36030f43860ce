//! The forms in which an expansion holds a layer.
//!
//! A [`Site`] holds the layer that an attribute declares. [`Owned`] holds a breaker, bulkhead or limit that the user
//! created (`with = ..`), or the circuit of a key.
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
    /// The name and the options of the attribute. The attribute has checked them.
    type Declaration: Copy;

    /// Creates or finds the layer of a declaration, and returns it with its conflicts.
    fn resolve(declaration: Self::Declaration) -> (Self, Vec<CircuitConflict>);
}

/// The layer of one attribute, which all calls share. The first call creates or finds it.
#[derive(Debug)]
pub struct Site<T: Shared> {
    declaration: T::Declaration,
    // `OnceBox` saves one instruction per call of a circuit against `OnceLock`, and three per call of a rate limit.
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
        // If two first calls run at the same time, only one of them receives the conflicts. The layer is set before the
        // events, because a subscriber may call this function.
        conflicts.iter().for_each(conflict::emit);
        found
    }
}

/// A handle that belongs to one call, so that the user's expression is not borrowed while the body runs.
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
