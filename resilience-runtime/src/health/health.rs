//! Implements the function `health`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use crate::base::config_error::ConfigError;
use crate::base::scope::scoped;
use crate::base::sync::lock_std;
use crate::circuit::core::state::CircuitState;
use crate::health::rules::HealthRules;
use crate::registry::all_circuits;

/// The largest number of circuits in a report.
const MOST: usize = 100;

/// The largest number of circuits in the text of a report.
const MOST_SHOWN: usize = 5;

/// Identifies the status of a program or of a circuit, for readiness probes.
///
/// An outage begins when a circuit opens, and ends when the circuit closes or is disabled. The [`HealthRules`] name the
/// essential circuits, and set the time for which an outage is tolerated.
///
/// `Display` shows `ok`, `degraded` or `down`.
///
/// ```
/// use resilience_runtime::HealthStatus;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert!(HealthStatus::Ok < HealthStatus::Degraded && HealthStatus::Degraded < HealthStatus::Down);
/// assert_eq!(HealthStatus::Degraded.to_string(), "degraded");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HealthStatus {
    /// No circuit has an outage, or every outage is shorter than the tolerated time.
    Ok,
    /// An outage has lasted for the tolerated time, but the status is not `Down`.
    Degraded,
    /// An essential circuit rejects calls, and its outage has lasted for the tolerated time.
    Down,
}

impl HealthStatus {
    /// Returns the name of the status, such as `degraded`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

impl fmt::Display for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reports the health of the program. The functions [`health`] and [`health_with`] return this report.
///
/// `Display` shows one line, such as `degraded: search (open for 12s)`. With the feature `serde`, the report implements
/// `Serialize`. In JSON, each state and each status is a text in lower case. Each time is a number of seconds, and
/// `cooldown_remaining` is rounded up to whole seconds:
///
/// ```json
/// {
///   "status": "degraded",
///   "outages": [
///     {
///       "name": "search",
///       "state": "open",
///       "status": "degraded",
///       "is_essential": false,
///       "lasts": 12.012,
///       "cooldown_remaining": 18
///     }
///   ],
///   "more": 0
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The worst status of all circuits.
    pub status: HealthStatus,
    /// The circuits with an outage, at most 100. The circuits with the worst status come first. Among circuits with
    /// equal status, half-open circuits come last, and the longest outages come first.
    pub outages: Vec<Outage>,
    /// The number of further outages if more than 100 circuits have an outage.
    pub more: usize,
}

/// Describes the outage of one circuit, from the opening to the closing of the circuit.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{CircuitBreaker, CircuitState, HealthStatus, health};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("outage_example").register()?;
/// breaker.trip();
/// let health = health();
/// let outage = health.outages.iter().find(|outage| outage.name == "outage_example").unwrap();
/// assert_eq!((outage.state, outage.status, outage.is_essential), (CircuitState::Open, HealthStatus::Degraded, false));
/// assert!(outage.cooldown_remaining <= Duration::from_secs(30));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outage {
    /// Unescaped name of the circuit.
    pub name: String,
    /// State in which the next call would find the circuit.
    pub state: CircuitState,
    /// Effect of this circuit on the status of the program.
    pub status: HealthStatus,
    /// Whether the rules name the circuit as essential.
    pub is_essential: bool,
    /// Time since the outage began, in whole milliseconds. The time of an outage of more than 33 years is wrong. A failed
    /// trial call does not begin a new outage.
    pub lasts: Duration,
    /// Time until the circuit admits a trial call, or zero if `state` is not `Open`.
    pub cooldown_remaining: Duration,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        let shown = self.outages.iter().take(MOST_SHOWN);
        for (index, Outage { name, state, lasts, .. }) in shown.enumerate() {
            let separator = if index == 0 { ": " } else { ", " };
            write!(f, "{separator}{} ({state} for {}s)", name.escape_debug(), lasts.as_secs())?;
        }
        match self.more + self.outages.len().saturating_sub(MOST_SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

fn rules() -> &'static Mutex<HealthRules> {
    static RULES: Mutex<HealthRules> = Mutex::new(HealthRules::new());
    scoped(&RULES, Mutex::default)
}

/// Sets the rules of [`health`]. Each call of this function replaces all earlier rules.
///
/// # Errors
///
/// Returns a [`ConfigError`], and changes nothing, if the rules name a circuit that does not exist, or make one name
/// both essential and ignored. Without the feature `declare`, the circuit of an attribute exists only after the first
/// call of the decorated function.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{CircuitBreaker, HealthRules, set_health_rules};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// CircuitBreaker::builder("set_rules_example").register()?;
/// set_health_rules(HealthRules::new().essential("set_rules_example").tolerate(Duration::from_secs(10)))?;
///
/// let error = set_health_rules(HealthRules::new().essential("set_rules_exampel")).unwrap_err();
/// assert_eq!(error.option(), "name");
/// # Ok(())
/// # }
/// ```
pub fn set_health_rules(rules_of_user: HealthRules) -> Result<(), ConfigError> {
    rules_of_user.check()?;
    *lock_std(rules()) = rules_of_user;
    Ok(())
}

/// Returns the health of the program, judged by the rules that [`set_health_rules`] has set. The report covers all
/// registered circuits, with and without a key.
///
/// - `Down`: an [essential](HealthRules::essential) circuit rejects calls, and its outage has lasted for the
///   [tolerated](HealthRules::tolerate) time. Without rules, no circuit is essential, and the program is never `Down`.
/// - `Degraded`: a circuit is open, forced open or half-open, its outage has lasted for the tolerated time, and the
///   program is not `Down`. An open circuit whose cooldown has passed counts as half-open.
/// - `Ok`: no circuit has an outage, or every outage is shorter than the tolerated time.
///
/// As soon as the cooldown of an essential circuit has passed, the program is no longer `Down`, but `Degraded`. A load
/// balancer can then send calls again. The circuit needs these calls, because it closes only after successful trials.
///
/// A circuit that is disabled, or that has the option `shadow`, rejects no calls, and has no outage. This function does
/// not change the state of any circuit.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{CircuitBreaker, HealthStatus, health};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(health().status, HealthStatus::Ok);
/// let breaker = CircuitBreaker::builder("health_example").register()?;
/// breaker.force_open();
/// let health = health();
/// assert_eq!((health.status, &*health.outages[0].name), (HealthStatus::Degraded, "health_example"));
/// # Ok(())
/// # }
/// ```
#[doc(alias("readiness", "liveness"))]
pub fn health() -> Health {
    report(&lock_std(rules()).clone())
}

/// Returns the health of the program, by the given rules.
///
/// # Errors
///
/// Returns a [`ConfigError`] if the rules name a circuit that does not exist, or make one name both essential and
/// ignored.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{CircuitBreaker, HealthRules, HealthStatus, health_with};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("health_with_example").register()?;
/// breaker.trip();
/// let rules = HealthRules::new().essential("health_with_example");
/// assert_eq!(health_with(&rules)?.status, HealthStatus::Down);
/// # Ok(())
/// # }
/// ```
pub fn health_with(rules: &HealthRules) -> Result<Health, ConfigError> {
    rules.check()?;
    Ok(report(rules))
}

/// The circuits that one call of [`HealthRules::essential`] selects: a single circuit, or the circuits of all keys.
#[derive(Default)]
struct Group {
    circuits: usize,
    /// The number of circuits that reject calls, and whose outage has lasted for the tolerated time.
    rejecting: usize,
}

fn report(rules: &HealthRules) -> Health {
    let mut groups = BTreeMap::<String, Group>::new();
    let mut outages = Vec::new();
    all_circuits::each(|breaker| {
        let name = breaker.name();
        if rules.ignores(name) {
            return;
        }
        let found = breaker.outage();
        let is_counted = |lasts: Duration| lasts >= rules.tolerance(name);
        for essential in rules.essential_names(name) {
            let group = groups.entry(essential.to_owned()).or_default();
            group.circuits += 1;
            group.rejecting += usize::from(
                found.is_some_and(|(state, lasts, _)| state != CircuitState::HalfOpen && is_counted(lasts)),
            );
        }
        if let Some((state, lasts, cooldown_remaining)) = found {
            let status = if is_counted(lasts) { HealthStatus::Degraded } else { HealthStatus::Ok };
            let is_essential = rules.essential_names(name).next().is_some();
            outages.push(Outage { name: name.to_owned(), state, status, is_essential, lasts, cooldown_remaining });
        }
    });
    for outage in &mut outages {
        let mut selecting = rules.essential_names(&outage.name).filter_map(|name| groups.get(name));
        let is_down = selecting.any(|group| group.circuits == group.rejecting);
        if is_down {
            outage.status = HealthStatus::Down;
        }
    }
    outages.sort_by(|one, other| {
        let is_half_open = |outage: &Outage| outage.state == CircuitState::HalfOpen;
        let key = |outage: &Outage| (Reverse(outage.status), is_half_open(outage), Reverse(outage.lasts));
        key(one).cmp(&key(other)).then_with(|| one.name.cmp(&other.name))
    });
    let status = outages.first().map_or(HealthStatus::Ok, |worst| worst.status);
    let more = outages.len().saturating_sub(MOST);
    outages.truncate(MOST);
    Health { status, outages, more }
}
