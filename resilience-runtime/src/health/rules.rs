//! Defines the rules by which open circuits affect the health of the program.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::base::config_error::ConfigError;
use crate::base::nearest::suggestion;
use crate::registry::all_circuits;
use crate::registry::key::all_shown;

/// Collects the rules by which [`health`](fn@crate::health) judges open circuits.
///
/// Without rules, no circuit is essential, and each open circuit makes the program `Degraded` at once.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{CircuitBreaker, HealthRules, HealthStatus, health, set_health_rules};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let payments = CircuitBreaker::builder("payments").register()?;
/// let rules = HealthRules::new().essential("payments").tolerate(Duration::ZERO);
/// set_health_rules(rules)?;
///
/// payments.trip();
/// assert_eq!(health().status, HealthStatus::Down);
/// assert_eq!(health().to_string(), "down: payments (open for 0s)");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "the rules have no effect until `set_health_rules` or `health_with`"]
pub struct HealthRules {
    essential: BTreeSet<String>,
    ignored: BTreeSet<String>,
    tolerance: Duration,
    tolerances: BTreeMap<String, Duration>,
}

impl HealthRules {
    /// Creates rules without an essential circuit.
    pub const fn new() -> Self {
        Self {
            essential: BTreeSet::new(),
            ignored: BTreeSet::new(),
            tolerance: Duration::ZERO,
            tolerances: BTreeMap::new(),
        }
    }

    /// Makes a circuit essential: while the circuit rejects calls, the program is `Down`. An outage shorter than the
    /// [tolerated](Self::tolerate) time has no effect.
    ///
    /// If the circuit has the option `key`, the rule applies to the circuits of all keys together. The program is
    /// `Down` while all these circuits reject calls, and `Degraded` while only some of them reject calls. The circuit of
    /// a key that no call uses any more also belongs to these circuits, until it is evicted. A name such
    /// as `price[acme]` selects the circuit of one key. The statistics shorten a key of more than 128 bytes. This
    /// method accepts the name with the shortened key, and for a text also the name with the whole key. A text with a
    /// comma may lack the quotation marks that the statistics show.
    ///
    /// The rules must not [`ignore`](Self::ignore) the same name. A rule for the circuit of one key takes precedence
    /// over a rule for all keys. `ignore("price")` with `essential("price[acme]")` keeps only `price[acme]` in the
    /// report. `essential("price")` with `ignore("price[acme]")` leaves only `price[acme]` out.
    pub fn essential(mut self, name: impl Into<String>) -> Self {
        self.essential.extend(all_shown(&name.into()));
        self
    }

    /// Leaves a circuit out of the report. If the circuit has the option `key`, leaves out the circuits of all keys. A
    /// name such as `price[acme]` selects the circuit of one key.
    ///
    /// The circuit of a key stays in the report if the rules ignore `price`, but make `price[acme]`
    /// [essential](Self::essential).
    pub fn ignore(mut self, name: impl Into<String>) -> Self {
        self.ignored.extend(all_shown(&name.into()));
        self
    }

    /// Sets the tolerated time: an outage of any circuit affects the status only after this time. Every duration is
    /// allowed. Default: zero.
    ///
    /// The precision is 1 ms. An outage begins when the circuit opens, and ends when the circuit closes or is disabled. A
    /// failed trial call does not begin a new outage.
    pub fn tolerate(mut self, time: Duration) -> Self {
        self.tolerance = time;
        self
    }

    /// Works like [`tolerate`](Self::tolerate), for one circuit only. If the circuit has the option `key`, the time
    /// applies to the circuit of each key. A name such as `price[acme]` selects the circuit of one key, and takes
    /// precedence over `price`.
    pub fn tolerate_for(mut self, name: impl Into<String>, time: Duration) -> Self {
        self.tolerances.extend(all_shown(&name.into()).map(|name| (name, time)));
        self
    }

    /// Returns an error if the rules contain a name that no circuit has, or a name that is both essential and ignored.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let known = all_circuits::names();
        let families = all_circuits::keyed_circuit_stats();
        let named = self.essential.iter().chain(&self.ignored).chain(self.tolerances.keys());
        for name in named {
            let is_key = || families.contains_key(family(name));
            if !known.contains(name) && !is_key() {
                let suggestion = suggestion(name, known.iter().map(String::as_str));
                let separator = if suggestion.is_empty() { "" } else { ";" };
                let allowed = format!("the name of a circuit{separator}{suggestion}");
                return Err(ConfigError::of_name(name, allowed));
            }
        }
        let in_both = self.essential.intersection(&self.ignored).next();
        let allowed = "either essential or ignored, not both";
        in_both.map_or(Ok(()), |name| Err(ConfigError::of_name(name, allowed)))
    }

    /// Returns the names in the rules that make the circuit `name` essential: `name` itself, and `name` without the
    /// key.
    pub(super) fn essential_names<'a>(&self, name: &'a str) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        let of_keys = Some(family(name)).filter(|family| *family != name);
        [name].into_iter().chain(of_keys).filter(|name| self.essential.contains(*name))
    }

    /// Returns whether the report leaves out the circuit `name`. A rule that makes exactly this name essential takes
    /// precedence over a rule that ignores the circuits of all keys.
    pub(super) fn ignores(&self, name: &str) -> bool {
        let is_ignored = self.ignored.contains(name) || self.ignored.contains(family(name));
        is_ignored && !self.essential.contains(name)
    }

    pub(super) fn tolerance(&self, name: &str) -> Duration {
        let own = self.tolerances.get(name).or_else(|| self.tolerances.get(family(name)));
        own.copied().unwrap_or(self.tolerance)
    }
}

/// Removes the key from a name: `price[acme]` becomes `price`. A name without a key stays unchanged.
fn family(name: &str) -> &str {
    name.strip_suffix(']').and_then(|name| name.split_once('[')).map_or(name, |(family, _)| family)
}
