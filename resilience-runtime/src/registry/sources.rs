//! Stores the options of one circuit, separately for each attribute and builder, and for a preset (a ready-made
//! circuit).

use crate::base::interner::Interner;
use crate::base::sync::Arc;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{Options, Settings};
use crate::registry::written::{Written, merge};

/// The options of one circuit, from a preset, from attributes and from builders.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) preset: Option<Box<Options>>,
    /// The options of attributes and builders. If two elements set the same option, the earlier element wins. Builders
    /// that registered before the first use of the circuit come first. Then come the attributes that were declared at
    /// link time, and then all other attributes and builders.
    pub(super) written: Vec<Arc<Written>>,
    /// The number of builders that registered before the first use of the circuit. Their options are the first elements
    /// of `written`.
    pub(super) builders: usize,
    /// Whether a function with the circuit was called, or `get_circuit` registered the circuit. If so, a builder can no
    /// longer override an option.
    pub(super) in_use: bool,
    /// Whether a function with this circuit was called. The function keeps the circuit, so it cannot be unregistered.
    pub(super) by_attribute: bool,
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

/// Inserts options at this index, and returns true. If the list already contains equal options with the same source
/// position, returns false. One attribute or builder may register the same options repeatedly.
pub(super) fn add(all: &mut Vec<Arc<Written>>, index: usize, written: Written) -> bool {
    /// Shares equal options in memory, because one call of `CircuitBreaker::builder` in the source code may register
    /// many circuits.
    static NEWEST: Interner<Written> = Interner::new();
    let is_new = !all.iter().any(|known| **known == written);
    if is_new {
        all.reserve_exact(1);
        all.insert(index, NEWEST.intern(written));
    }
    is_new
}
