//! Stores the options of one circuit, separately for each source: attributes, builders, a preset (a ready-made
//! circuit), and changes at run time.

use crate::base::config_error::ConfigError;
use crate::base::interner::Interner;
use crate::base::sync::Arc;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::options::Options;
use crate::circuit::settings::Settings;
use crate::registry::configured::Configured;
use crate::registry::written::{Written, merge};

#[derive(Clone, Default)]
pub(super) struct Sources {
    /// The changes at run time, which take precedence over all other options.
    pub(super) configured: Configured<Options>,
    pub(super) preset: Option<Box<Options>>,
    /// The options of attributes and builders. If several elements set one option, the first one wins. Builders that
    /// registered before the first use of the circuit come first. Attributes that were collected at link time come
    /// next. All other attributes and builders follow in the order of their registration.
    pub(super) written: Vec<Arc<Written>>,
    /// The number of builders at the start of `written`. These builders registered before the first use of the circuit.
    pub(super) builders: usize,
    /// Whether a function with this circuit was called, or `get_circuit` returned the circuit while only attributes had
    /// set its options. If true, a builder can no longer override an option.
    pub(super) in_use: bool,
    /// Whether the conflicts (contradictory options) of the attributes were reported. If a change at run time registers
    /// the circuit, the field is false until the first use of the circuit.
    pub(super) is_reported: bool,
    /// Whether a function with this circuit was called. The function keeps the circuit, so `unregister` must not remove
    /// it.
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
    fn written(&self) -> Options {
        merge(&self.written).or(self.preset())
    }

    /// Returns the options of the preset, or no options if the circuit has no preset.
    pub(super) fn preset(&self) -> Options {
        self.preset.as_deref().copied().unwrap_or_default()
    }

    /// Returns the options that a builder cannot override.
    pub(super) fn fixed(&self) -> &[Arc<Written>] {
        if self.in_use { &self.written } else { &self.written[..self.builders] }
    }

    /// Returns an error if the changes at run time cannot be combined with the options of another builder.
    pub(super) fn check_builder(&self, builder: Written) -> Result<(), ConfigError> {
        check_builder(&self.configured, &self.written, self.fixed().len(), builder, self.preset())
    }

    /// Returns whether only attributes set options of the circuit, and no call has used the circuit. A change at run
    /// time or a restored snapshot then registered the circuit.
    pub(super) fn is_unused(&self) -> bool {
        !self.in_use && self.builders == 0 && self.preset.is_none()
    }
}

/// Checks a builder whose options would be inserted into the list `written` at `index`. Returns an error if the
/// resulting options cannot be combined with `configured`, the changes at run time. For example, a builder with
/// `threshold(20)` would make the earlier change `calls = 10` invalid.
pub(super) fn check_builder(
    configured: &Configured<Options>,
    written: &[Arc<Written>],
    index: usize,
    builder: Written,
    preset: Options,
) -> Result<(), ConfigError> {
    if configured.iter().next().is_none() {
        return Ok(());
    }
    if leaves_out_cooldown(configured, merge(written)) {
        return check_change(configured, builder.options, preset);
    }
    let (before, after) = written.split_at(index);
    let all: Vec<_> = before.iter().cloned().chain([Arc::new(builder)]).chain(after.iter().cloned()).collect();
    check_change(configured, merge(&all), preset)
}

/// Checks the change at run time that would replace the changes `before` by the changes `after`. Returns an error if
/// the new changes cannot be combined with the options `written` of attributes and builders, or with the options of a
/// preset. Ignores the cooldowns in `written` if the changes `before` already remove one of them.
pub(super) fn check_changed(
    before: &Configured<Options>,
    after: &Configured<Options>,
    written: Options,
    preset: Options,
) -> Result<(), ConfigError> {
    if leaves_out_cooldown(before, written) {
        return check_change(after, Options { cooldown: None, max_cooldown: None, ..written }, preset);
    }
    check_change(after, written, preset)
}

/// Returns whether the changes `configured` at run time have removed the cooldowns of an attribute. An earlier change
/// can remove these options if the program calls the function of the attribute after the change, without the feature
/// `declare`.
fn leaves_out_cooldown(configured: &Configured<Options>, written: Options) -> bool {
    let Options { cooldown, max_cooldown, .. } = configured.over(written, Options::each_or);
    cooldown.zip(max_cooldown).is_some_and(|(cooldown, max)| cooldown > max)
}

/// Returns an error if the changes `configured` at run time cannot be combined with the options `written` of attributes
/// and builders, or with the options of a preset. The method `Options::or` would leave out a `cooldown` that is longer
/// than `max_cooldown`. However, a change of one of these options must not remove the other option that the user wrote.
/// The cooldown of a preset has no effect if it is longer than `max_cooldown`.
fn check_change(configured: &Configured<Options>, written: Options, preset: Options) -> Result<(), ConfigError> {
    let Options { cooldown, max_cooldown, .. } = configured.over(written, Options::each_or);
    Options { cooldown, max_cooldown, ..configured.over(written.or(preset), Options::or) }.check()
}

/// Inserts `written` into the list `all` at `index`, and returns true. Returns false, and inserts nothing, if the list
/// already contains an equal element. An attribute or a builder may register its options repeatedly.
pub(super) fn add(all: &mut Vec<Arc<Written>>, index: usize, written: Written) -> bool {
    /// Saves memory, because circuits that a loop registers with equal options share one copy of these options.
    static NEWEST: Interner<Written> = Interner::new();
    let is_new = !all.iter().any(|known| **known == written);
    if is_new {
        all.reserve_exact(1);
        all.insert(index, NEWEST.intern(written));
    }
    is_new
}
