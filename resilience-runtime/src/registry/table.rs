//! A table of circuits by their names, which evicts idle ones.

use std::collections::HashSet;
use std::str::from_utf8;

use crate::base::name::Name;
use crate::base::sync::Arc;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::Settings;
use crate::registry::named::{ByBytes, Named};

/// A part of a family. Keys used since the last rotation are young; a rotation evicts idle old ones.
///
/// Two generations tell nearly as well as a list in the order of use which keys are in use, and keep no list.
pub(crate) struct Shard {
    settings: Arc<Settings>,
    most: usize,
    young: HashSet<Named, ByBytes>,
    old: HashSet<Named, ByBytes>,
    /// New keys until the next search for idle ones; each search visits every old key.
    until_eviction: usize,
}

impl Shard {
    pub(crate) fn new(settings: Arc<Settings>, most: usize) -> Self {
        Self { settings, most, young: HashSet::default(), old: HashSet::default(), until_eviction: 0 }
    }

    /// Puts other settings in force, and another number of keys.
    pub(crate) fn apply(&mut self, settings: &Arc<Settings>, most: usize) {
        self.settings = settings.clone();
        self.most = most.max(1);
        self.all().for_each(|breaker| breaker.apply(settings.clone()));
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &CircuitBreaker> {
        self.young.iter().chain(&self.old).map(|named| &named.0)
    }

    /// Returns a circuit like [`find`](Self::find) does, but without counting as a use.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&CircuitBreaker> {
        self.young.get(name).or_else(|| self.old.get(name)).map(|named| &named.0)
    }

    pub(crate) fn find(&mut self, name: &[u8]) -> Option<CircuitBreaker> {
        if let Some(Named(breaker)) = self.young.get(name) {
            return Some(breaker.clone());
        }
        let named = self.old.take(name)?;
        let breaker = named.0.clone();
        self.young.insert(named);
        Some(breaker)
    }

    /// Creates a circuit for a new key. If all others are in use, it serves this one call only.
    pub(crate) fn add(&mut self, name: &[u8]) -> CircuitBreaker {
        if self.young.len() > self.most / 2 {
            self.rotate();
        }
        if self.is_full() && self.until_eviction == 0 {
            self.rotate();
            if self.is_full() {
                // The keys that were young until now may be idle, too.
                self.rotate();
            }
            self.until_eviction = if self.is_full() { self.most / 8 } else { 0 };
        }
        self.until_eviction = self.until_eviction.saturating_sub(1);
        // Whole texts make up a name, so it is one.
        let name = Name::new(from_utf8(name).unwrap_or_default());
        let breaker = CircuitBreaker::one_of_many(name, self.settings.clone());
        if !self.is_full() {
            self.young.insert(Named(breaker.clone()));
        }
        breaker
    }

    fn is_full(&self) -> bool {
        self.young.len() + self.old.len() >= self.most
    }

    /// Evicts at most half of the keys at once: if all are equally old, one new key must not empty the table.
    fn rotate(&mut self) {
        let mut room = (self.most / 2).max(1);
        self.old.retain(|named| {
            let goes = room > 0 && named.0.is_idle();
            room -= usize::from(goes);
            !goes
        });
        self.old.extend(self.young.drain());
    }
}
