//! Stores the options of one circuit. The options of each attribute, of each builder and of a preset (a ready-made
//! circuit) are stored separately.

use crate::base::interner::Interner;
use crate::base::sync::Arc;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{Options, Settings};
use crate::registry::configured::Configured;
use crate::registry::written::{Written, merge};

#[derive(Clone, Default)]
pub(super) struct Sources {
    /// The options that the service has set at run time. These options take precedence over all other options.
    pub(super) configured: Configured<Options>,
    pub(super) preset: Option<Box<Options>>,
    /// The options of attributes and builders. If two elements of this list set one option, the element that comes
    /// first in the list wins. Builders that registered before the first use of the circuit come first. Attributes that
    /// were declared at link time come second. Attributes that were not declared at link time, and later builders, come
    /// last.
    pub(super) written: Vec<Arc<Written>>,
    /// The number of builders that registered before the first use of the circuit. The options of these builders are
    /// the first elements of `written`.
    pub(super) builders: usize,
    /// True after the first call of a function with this circuit, or after `get_circuit` registered the circuit. A
    /// builder can then no longer override an option of an attribute.
    pub(super) in_use: bool,
    /// Whether the conflicts (contradictory options) of the attributes were reported. If a change at run time registers
    /// the circuit, the field is false until the first use of the circuit.
    pub(super) is_reported: bool,
    /// Whether a function with this circuit was called. The function keeps a handle of the circuit, so `unregister`
    /// does not remove the circuit.
    pub(super) by_attribute: bool,
}

impl Sources {
    pub(super) fn apply(&self, breaker: &CircuitBreaker) {
        breaker.apply(Settings::shared(self.options()));
    }

    /// Returns the options in force.
    pub(super) fn options(&self) -> Options {
        self.configured.over(self.written(), Options::or)
    }

    /// Returns the options of attributes, builders and a preset.
    pub(super) fn written(&self) -> Options {
        merge(&self.written).or(self.preset.as_deref().copied().unwrap_or_default())
    }

    /// Returns the options that a builder cannot override.
    pub(super) fn fixed(&self) -> &[Arc<Written>] {
        if self.in_use { &self.written } else { &self.written[..self.builders] }
    }
}

/// Inserts `written` into the list `all` at `index`, and returns true. If the list already contains equal options with
/// an equal source position, inserts nothing and returns false. This check is necessary, because an attribute or a
/// builder may register its options repeatedly.
pub(super) fn add(all: &mut Vec<Arc<Written>>, index: usize, written: Written) -> bool {
    /// Stores equal options of different circuits only once. For example, a call of `CircuitBreaker::builder` in a loop
    /// may register many circuits with equal options.
    static NEWEST: Interner<Written> = Interner::new();
    let is_new = !all.iter().any(|known| **known == written);
    if is_new {
        all.reserve_exact(1);
        all.insert(index, NEWEST.intern(written));
    }
    is_new
}
