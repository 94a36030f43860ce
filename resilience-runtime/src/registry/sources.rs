//! The sources of the options of one circuit.

use crate::base::interner::Interner;
use crate::base::sync::Arc;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{Options, Settings};
use crate::registry::written::{Written, merge};

/// The options of one circuit, from the preset, attributes and builders.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) preset: Option<Box<Options>>,
    /// The options of attributes and builders. If two of them set one option, the earlier one wins. The builders before
    /// the first use come first, then declarations, then all others.
    pub(super) written: Vec<Arc<Written>>,
    /// The number of builders that registered before the first use.
    pub(super) builders: usize,
    /// Whether a function was called, or `get_circuit` returned the circuit. From then on, a builder cannot override an
    /// option.
    pub(super) in_use: bool,
}

impl Sources {
    pub(super) fn apply(&self, breaker: &CircuitBreaker) {
        breaker.apply(Settings::shared(merge(&self.written).or(self.preset.as_deref().copied().unwrap_or_default())));
    }

    /// Returns the options that a builder cannot override.
    pub(super) fn fixed(&self) -> &[Arc<Written>] {
        if self.in_use { &self.written } else { &self.written[..self.builders] }
    }
}

/// Inserts options at this index, and returns whether they are new. An attribute or a builder may register the same
/// options any number of times.
pub(super) fn add(all: &mut Vec<Arc<Written>>, index: usize, written: Written) -> bool {
    /// The options of one attribute or builder may belong to many circuits.
    static NEWEST: Interner<Written> = Interner::new();
    let is_new = !all.iter().any(|known| **known == written);
    if is_new {
        all.reserve_exact(1);
        all.insert(index, NEWEST.intern(written));
    }
    is_new
}
