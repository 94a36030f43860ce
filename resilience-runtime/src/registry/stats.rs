//! Reads, checks and resets the layers of all kinds.

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

/// The statistics of all layers that attributes create, and of all registered circuits. [`get_stats`] returns this
/// value.
///
/// The key of each map is the name of the layer. A layer without a name has the key `module::function`, such as
/// `shop::orders::submit`. If two layers would have the same key, each key also contains the line of the attribute, as
/// in `shop::orders::submit:17`.
#[doc(alias = "metrics")]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stats {
    /// Statistics of each circuit, as [`get_circuit_stats`] returns them.
    pub circuits: BTreeMap<String, CircuitStats>,
    /// Number of circuits of each name with the option `key`. The field `circuits` contains the statistics of each of
    /// these circuits.
    pub families: BTreeMap<String, FamilyStats>,
    /// Statistics of each `#[retry]`.
    pub retries: BTreeMap<String, RetryStats>,
    /// Statistics of each `#[timeout]`.
    pub timeouts: BTreeMap<String, TimeoutStats>,
    /// Statistics of each `#[bulkhead]`. With the option `key`, the map contains a bulkhead `name[key]` for each key.
    /// The keys beyond `max_keys` share the bulkhead `name[…]`.
    pub bulkheads: BTreeMap<String, BulkheadStats>,
    /// Number of bulkheads of each `#[bulkhead]` with the option `key`.
    pub keyed_bulkheads: BTreeMap<String, FamilyStats>,
    /// Statistics of each `#[rate_limit]`. With the option `key`, the map contains a rate limit `name[key]` for each
    /// key. The keys beyond `max_keys` share the rate limit `name[…]`.
    pub rate_limits: BTreeMap<String, RateLimitStats>,
    /// Number of rate limits of each `#[rate_limit]` with the option `key`.
    pub keyed_rate_limits: BTreeMap<String, FamilyStats>,
    /// Statistics of each `#[hedge]`.
    pub hedges: BTreeMap<String, HedgeStats>,
    /// Statistics of each `#[fallback]`.
    pub fallbacks: BTreeMap<String, FallbackStats>,
    /// Faults that [`chaos`](crate::chaos) injects.
    #[cfg(feature = "chaos")]
    pub chaos: ChaosStats,
}

/// Returns the statistics of all layers that attributes create, and of all registered circuits.
///
/// A layer with the option `with` is not listed. Instead, call the method `stats` of the value in this option.
///
/// Without the feature `declare`, a layer is listed only after a call has used the layer. The first call of the
/// function uses most layers. A retry is first used at its first failed attempt or earlier. A fallback is first used
/// when it replaces an error. If each call evaluates the time of a timeout, the timeout is first used when it ends a
/// call.
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
/// This function resets each circuit as [`reset_all_circuits`] does. Each rate limit of an attribute admits a whole
/// burst again. Each [`RetryBudget`](crate::RetryBudget) that a call has used is full again. The totals of all
/// statistics remain unchanged. A running call keeps its slot of a bulkhead.
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
/// For circuits, this function finds the same conflicts as [`check_circuits`]. For the other layers, this function
/// finds options with contradictory values, and required options that no attribute sets. Without the feature `declare`,
/// this function knows only the layers that [`get_stats`] lists.
///
/// A test of one line finds the mistakes of a program:
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
