//! Call sites: each finds its circuit at its first call.
#![allow(missing_docs)] // public items here are hidden in `__private`

use crate::base::sync::{Arc, OnceLock};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::error::CircuitOpenError;
use crate::circuit::permit::Permit;
use crate::registry::conflict;
use crate::registry::declared::Declaration;
use crate::registry::family::Family;
use crate::registry::key::Key;
use crate::registry::registry;

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

    /// Returns the declaration of the attribute, which is collected at link time.
    pub const fn declaration(&'static self) -> &'static Declaration {
        &self.declaration
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
            conflicts.iter().for_each(conflict::emit);
        }
        self.breaker.get_or_init(|| breaker)
    }
}

/// One `#[circuit(key = ..)]` in the program, with the family that it resolves to at its first call.
#[derive(Debug)]
pub struct KeyedSite {
    declaration: Declaration,
    family: OnceLock<Arc<Family>>,
}

impl KeyedSite {
    pub const fn new(declaration: Declaration) -> Self {
        Self { declaration, family: OnceLock::new() }
    }

    /// The circuit of this key.
    pub fn of<K: Key + ?Sized>(&'static self, key: &K) -> Held {
        let family = self.family.get().unwrap_or_else(|| self.resolve());
        Held(family.breaker(key))
    }

    #[cold]
    fn resolve(&'static self) -> &'static Arc<Family> {
        let Declaration { name, written } = self.declaration;
        let (family, conflicts) = registry::join_family(name, written);
        if self.family.set(family.clone()).is_ok() {
            conflicts.iter().for_each(conflict::emit);
        }
        self.family.get_or_init(|| family)
    }
}

/// A breaker of the user's, as a circuit of its own: a clone, so that nothing stays borrowed while the body runs.
#[derive(Debug)]
pub struct Held(pub(crate) CircuitBreaker);

impl Held {
    pub fn new(breaker: &CircuitBreaker) -> Self {
        Self(breaker.clone())
    }

    /// # Errors
    ///
    /// When the circuit rejects the call.
    #[inline]
    pub fn acquire(&self) -> Result<Permit<'_>, CircuitOpenError> {
        self.0.try_acquire()
    }

    #[inline]
    pub fn breaker(&self) -> &CircuitBreaker {
        &self.0
    }
}
