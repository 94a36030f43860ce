//! Reads the states of circuits and rate limits for a snapshot, and restores these states.

use std::collections::BTreeMap;

use crate::circuit::core::kept::Kept;
use crate::rate_limit::kept::KeptLimit;
use crate::rate_limit::rate_limit::RateLimit;
use crate::registry::all_circuits::{families, registered};
use crate::registry::keyed_limits::KeyedRateLimits;
use crate::registry::layers::Listed;
use crate::registry::mistake::SettingsMistake;
use crate::registry::registry::{restore_circuit, restore_family};
use crate::registry::waiting::{self, OfKeys};

/// Returns the states of all circuits without a key. Includes the waiting states of a restored snapshot, for circuits
/// that do not exist yet. Leaves out closed circuits that have had no success and no failure. Also leaves out waiting
/// states that only contain the times of calls, because each restart of a program may add new names.
pub(crate) fn circuits() -> BTreeMap<String, Kept> {
    let mut states = waiting::circuits().all();
    states.retain(|_, kept| !kept.decides_as_new());
    states.extend(registered().into_iter().map(|breaker| (breaker.name().to_owned(), breaker.keep())));
    states.retain(|_, kept| !kept.is_new());
    states
}

/// Works like [`circuits`], for circuits with a key. Leaves out each circuit that admits the same calls as a new
/// circuit, because one name may have millions of these circuits.
pub(crate) fn keyed_circuits() -> BTreeMap<String, OfKeys<Kept>> {
    let mut states = waiting::keyed_circuits().all();
    for family in families() {
        let used = family.kept_keys(|circuit| Some(circuit.keep()).filter(|kept| !kept.decides_as_new()));
        states.insert(family.name().to_string(), used);
    }
    states.retain(|_, of_keys| !of_keys.is_empty());
    states
}

/// Works like [`circuits`], for rate limits without a key. Leaves out each rate limit that admits the same calls as a
/// new rate limit.
pub(crate) fn rate_limits() -> BTreeMap<String, KeptLimit> {
    let mut states = waiting::rate_limits().all();
    let used = RateLimit::layers().labelled().filter_map(|(label, limit)| Some((label, limit.keep()?)));
    states.extend(used);
    states.retain(|_, kept| !kept.decides_as_new());
    states
}

/// Works like [`rate_limits`], for rate limits with a key.
pub(crate) fn keyed_rate_limits() -> BTreeMap<String, OfKeys<KeptLimit>> {
    let mut states = waiting::keyed_rate_limits().all();
    states.extend(KeyedRateLimits::layers().labelled().map(|(label, keyed)| (label, keyed.keep())));
    states.retain(|_, of_keys| !of_keys.is_empty());
    states
}

/// Applies the states of a restored snapshot to the circuits and rate limits that exist, or that attributes declare.
/// The other states wait until their circuit or rate limit is created. Returns the number of waiting states, and the
/// number of states that were dropped because `max_keys` keys exist already.
pub(crate) fn restore_existing() -> (usize, usize) {
    let mut dropped = 0;
    waiting::circuits().names().iter().for_each(|name| restore_circuit(name));
    dropped += waiting::keyed_circuits().names().iter().map(|name| restore_family(name)).sum::<usize>();
    waiting::announce();
    // Takes each state before the layer is created. A new layer would take the state itself, and would not report the
    // number of dropped states.
    for (kept, (limit, mistakes)) in RateLimit::layers().find_labels(|label| waiting::rate_limits().take(label)) {
        mistakes.iter().for_each(SettingsMistake::emit);
        limit.restore(&kept);
    }
    let take = |label: &str| waiting::keyed_rate_limits().take(label);
    for (kept, (keyed, mistakes)) in KeyedRateLimits::layers().find_labels(take) {
        mistakes.iter().for_each(SettingsMistake::emit);
        dropped += keyed.restore(&kept);
    }
    (waiting::total(), dropped)
}
