//! The options that all places of the program write about one circuit.

use crate::base::interner::Interner;
use crate::base::sync::Arc;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{Options, Settings};
use crate::registry::written::{Written, merge};

/// The options of one circuit from all places.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) preset: Option<Box<Options>>,
    /// If two places write one option, the earlier one wins: builders before the first use, then declarations, then others.
    pub(super) written: Vec<Arc<Written>>,
    /// The number of builders before the first use.
    pub(super) builders: usize,
    /// A function was called, or `get_circuit` returned the circuit. From then on a builder cannot override a place.
    pub(super) in_use: bool,
}

impl Sources {
    pub(super) fn apply(&self, breaker: &CircuitBreaker) {
        breaker.apply(Settings::shared(merge(&self.written).or(self.preset.as_deref().copied().unwrap_or_default())));
    }

    /// The places that a builder cannot override.
    pub(super) fn fixed(&self) -> &[Arc<Written>] {
        if self.in_use { &self.written } else { &self.written[..self.builders] }
    }
}

/// Inserts a place at this index, and returns false if it is known: a place may register any number of times, with the
/// same options each time.
pub(super) fn add(all: &mut Vec<Arc<Written>>, index: usize, written: Written) -> bool {
    /// One place may register any number of circuits, too.
    static NEWEST: Interner<Written> = Interner::new();
    let is_new = !all.iter().any(|known| **known == written);
    if is_new {
        all.reserve_exact(1);
        all.insert(index, NEWEST.intern(written));
    }
    is_new
}
