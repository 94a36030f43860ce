//! Implements [`get_stats`], [`check`] and [`reset_all`], which apply to layers of all kinds.

use std::collections::BTreeMap;

use crate::bulkhead::bulkhead::{Bulkhead, BulkheadStats};
use crate::circuit::stats::CircuitStats;
use crate::fallback::{Fallback, FallbackStats};
#[cfg(feature = "chaos")]
use crate::fault::{faults::Faults, stats::ChaosStats};
use crate::hedge::hedge::Hedge;
use crate::hedge::stats::HedgeStats;
use crate::rate_limit::rate_limit::RateLimit;
use crate::rate_limit::stats::RateLimitStats;
use crate::registry::all_circuits::{check_circuits, get_circuit_stats, keyed_circuit_stats, reset_all_circuits};
use crate::registry::family::FamilyStats;
use crate::registry::keyed_limits::{KeyedBulkheads, KeyedRateLimits};
use crate::registry::layers::Listed;
use crate::registry::mistake::SettingsMistake;
#[cfg(feature = "serde")]
use crate::registry::waiting;
use crate::retry::budget::state::reset_all_budgets;
use crate::retry::layer::{Retry, RetryStats};
use crate::timeout::timeout::{Timeout, TimeoutStats};

/// Contains the statistics of all layers that attributes create, and of all registered circuits. [`get_stats`] returns
/// this value.
///
/// The keys of each map are the names of the layers. A layer without a name has the key `module::function`, such as
/// `shop::orders::submit`. If two layers would have the same key, both keys also contain the line of the attribute, as
/// in `shop::orders::submit:17`.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, get_stats};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// CircuitBreaker::builder("stats_of_all_example").register()?;
/// let stats = get_stats();
/// assert_eq!(stats.circuits["stats_of_all_example"].total_failed, 0);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "metrics")]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stats {
    /// Statistics of each circuit, as [`get_circuit_stats`] returns them.
    pub circuits: BTreeMap<String, CircuitStats>,
    /// Current and maximum number of circuits, for each name that is used with the option `key`. The field `circuits`
    /// contains the statistics of each circuit.
    pub families: BTreeMap<String, FamilyStats>,
    /// Statistics of each `#[retry]`.
    pub retries: BTreeMap<String, RetryStats>,
    /// Statistics of each `#[timeout]`.
    pub timeouts: BTreeMap<String, TimeoutStats>,
    /// Statistics of each `#[bulkhead]`. With the option `key`, each key has an entry `name[key]`. While `max_keys`
    /// keys are in use, all other keys share the entry `name[…]`.
    pub bulkheads: BTreeMap<String, BulkheadStats>,
    /// Current and maximum number of bulkheads, for each `#[bulkhead]` with the option `key`.
    pub keyed_bulkheads: BTreeMap<String, FamilyStats>,
    /// Statistics of each `#[rate_limit]`. With the option `key`, each key has an entry `name[key]`. While `max_keys`
    /// keys are in use, all other keys share the entry `name[…]`.
    pub rate_limits: BTreeMap<String, RateLimitStats>,
    /// Current and maximum number of rate limits, for each `#[rate_limit]` with the option `key`.
    pub keyed_rate_limits: BTreeMap<String, FamilyStats>,
    /// Statistics of each `#[hedge]`.
    pub hedges: BTreeMap<String, HedgeStats>,
    /// Statistics of each `#[fallback]`.
    pub fallbacks: BTreeMap<String, FallbackStats>,
    /// Counts of the faults that [`chaos`](crate::chaos) has injected.
    #[cfg(feature = "chaos")]
    pub chaos: ChaosStats,
}

/// Returns the statistics of all layers that attributes create, and of all registered circuits.
///
/// The layer of an attribute with the option `with` is not listed. Call the method `stats` of this layer instead.
///
/// Without the feature `declare`, a layer is listed only after its first use. The map key of a layer without a name
/// then changes when a second layer with the same path is first used. Set the option `name` if a file, a metric or a
/// snapshot refers to the layer. Most layers are first used in the first call of the function. Some retries are first
/// used only when an attempt fails. A fallback is first used when it replaces an error. A timeout whose time is an
/// expression, such as `#[timeout(self.limit)]`, is first used when it ends a call.
///
/// ```
/// use resilience_runtime::{bulkhead, get_stats, retry};
///
/// #[retry(name = "mail", max = 3, delay = 0)]
/// #[bulkhead(name = "mail_server", max = 10)]
/// async fn send(text: &str) -> std::io::Result<()> {
///     if text.is_empty() { Err(std::io::ErrorKind::InvalidInput.into()) } else { Ok(()) }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// send("hello").await.unwrap();
/// send("").await.unwrap_err();
/// let stats = get_stats();
/// assert_eq!(stats.bulkheads["mail_server"].total_admitted, 4);
/// assert_eq!((stats.retries["mail"].total_attempts, stats.retries["mail"].total_exhausted), (4, 1));
/// # }
/// ```
#[doc(alias = "metrics")]
pub fn get_stats() -> Stats {
    let (mut bulkheads, mut rate_limits) = (Bulkhead::layers().stats(), RateLimit::layers().stats());
    for (label, keyed) in KeyedBulkheads::layers().labelled() {
        bulkheads.extend(keyed.iter().map(|(key, bulkhead)| (format!("{label}{key}"), bulkhead.stats())));
    }
    for (label, keyed) in KeyedRateLimits::layers().labelled() {
        rate_limits.extend(keyed.iter().map(|(key, limit)| (format!("{label}{key}"), limit.stats())));
    }
    Stats {
        circuits: get_circuit_stats(),
        families: keyed_circuit_stats(),
        retries: Retry::layers().stats(),
        timeouts: Timeout::layers().stats(),
        bulkheads,
        keyed_bulkheads: KeyedBulkheads::layers().stats(),
        rate_limits,
        keyed_rate_limits: KeyedRateLimits::layers().stats(),
        hedges: Hedge::layers().stats(),
        fallbacks: Fallback::layers().stats(),
        #[cfg(feature = "chaos")]
        chaos: Faults::current().stats(),
    }
}

/// Resets all circuits, rate limits and retry budgets.
///
/// For the circuits, the function calls [`reset_all_circuits`]. Each rate limit of an attribute admits a whole burst
/// again, and each used [`RetryBudget`](crate::RetryBudget) is full again. The totals in the statistics do not change.
/// Running calls keep their slots in bulkheads. A call that waits for a rate limit notices the reset after at most one
/// second, and calls behind it wait until then.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, CircuitState, RetryBudget, RetryCost, TokenBucket, reset_all};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("reset_all_example").register()?;
/// let budget = RetryBudget::bucket(TokenBucket::DEFAULT);
/// breaker.trip();
/// budget.try_retry(RetryCost::Failure);
///
/// reset_all();
/// assert_eq!((breaker.state(), budget.stats().tokens), (CircuitState::Closed, 500));
/// # Ok(())
/// # }
/// ```
pub fn reset_all() {
    reset_all_circuits();
    #[cfg(feature = "serde")]
    waiting::drop_limits();
    RateLimit::layers().each(|limit| limit.reset());
    KeyedRateLimits::layers().each(|keyed| keyed.iter().for_each(|(_, limit)| limit.reset()));
    reset_all_budgets();
}

/// Checks the settings of all layers: circuits, retries, timeouts, bulkheads, rate limits, hedges and fallbacks.
///
/// For circuits, the function works like [`check_circuits`]. For other layers, the function finds contradictory
/// options, and required options that no attribute sets. Without the feature `declare`, the function checks only the
/// layers that [`get_stats`] lists.
///
/// A test of one line finds all these contradictions and missing options:
///
/// ```
/// // in a #[test]:
/// assert_eq!(resilience_runtime::check(), Ok(()));
/// ```
///
/// # Errors
///
/// Returns a list of all mistakes.
pub fn check() -> Result<(), Vec<SettingsMistake>> {
    let circuits = check_circuits().err().into_iter().flatten().map(SettingsMistake::CircuitConflict);
    let of_layers = [
        Retry::layers().check(),
        Timeout::layers().check(),
        Bulkhead::layers().check(),
        KeyedBulkheads::layers().check(),
        Bulkhead::layers().check_kinds(KeyedBulkheads::layers()),
        RateLimit::layers().check(),
        KeyedRateLimits::layers().check(),
        RateLimit::layers().check_kinds(KeyedRateLimits::layers()),
        Hedge::layers().check(),
        Fallback::layers().check(),
    ];
    let of_layers = of_layers.into_iter().flatten();
    let found: Vec<_> = circuits.chain(of_layers).collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}
