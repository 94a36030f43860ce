//! Reads the metrics of all layers except circuits.

use std::collections::BTreeMap;

use crate::base::sums::{LimitSums, Sums};
use crate::bulkhead::bulkhead::Bulkhead;
use crate::fallback::Fallback;
#[cfg(feature = "chaos")]
use crate::fault::faults::Faults;
use crate::hedge::hedge::Hedge;
use crate::metrics::labels::Labels;
use crate::metrics::metric::Metric;
use crate::metrics::top::{Top, key_of};
use crate::rate_limit::rate_limit::RateLimit;
use crate::registry::family::FamilyStats;
use crate::registry::keyed_limits::{KeyedBulkheads, KeyedRateLimits};
use crate::registry::layers::Listed;
use crate::retry::layer::Retry;
use crate::timeout::timeout::Timeout;

pub(crate) fn read(top_keys: usize) -> Vec<Metric> {
    let mut metrics = Vec::from(retries());
    metrics.extend(timeouts());
    metrics.extend(bulkheads(top_keys));
    metrics.extend(rate_limits(top_keys));
    metrics.extend(hedges());
    metrics.push(fallbacks());
    #[cfg(feature = "chaos")]
    metrics.push(faults());
    metrics
}

fn retries() -> [Metric; 3] {
    let mut calls = Metric::counter("resilience_retry_calls_total", "Calls of a retry, by result.");
    let help = "Attempts of a retry that have ended (original) or begun their pause (retry).";
    let mut attempts = Metric::counter("resilience_retry_attempts_total", help);
    let help = "Retries that a retry budget granted or denied.";
    let mut budgets = Metric::counter("resilience_retry_budget_total", help);
    for (name, is_named, retry) in Retry::layers().listed() {
        let stats = retry.stats();
        let labels = || Labels::of(&name);
        let of_result = |result: &'static str| labels().and("result", result);
        if is_named {
            calls.count(of_result("ok_first"), stats.total_first_successes);
        }
        calls.count(of_result("ok_retried"), stats.total_recovered);
        calls.count(of_result("exhausted"), stats.total_exhausted);
        for (reason, count) in &stats.total_gave_up {
            let result = if *reason == "budget" { "budget_exhausted" } else { reason };
            calls.count(of_result(result), *count);
        }
        let original = stats.total_attempts.saturating_sub(stats.total_retries);
        attempts.count(labels().and("attempt_type", "original"), original);
        attempts.count(labels().and("attempt_type", "retry"), stats.total_retries);
        if stats.total_granted + stats.total_denied > 0 {
            budgets.count(labels().and("decision", "granted"), stats.total_granted);
            budgets.count(labels().and("decision", "denied"), stats.total_denied);
        }
    }
    [calls, attempts, budgets]
}

fn timeouts() -> [Metric; 2] {
    let help = "Calls that a timeout ended, by the limit that was reached.";
    let mut ended = Metric::counter("resilience_timeout_calls_total", help);
    let mut limit = Metric::gauge("resilience_timeout_limit_seconds", "Time after which a timeout ends a call.");
    for (name, stats) in Timeout::layers().stats() {
        ended.count(Labels::of(&name).and("limit", "timeout"), stats.total_timed_out);
        ended.count(Labels::of(&name).and("limit", "deadline"), stats.total_by_deadline);
        if let Some(after) = stats.after {
            limit.set(Labels::of(&name), after.as_secs_f64());
        }
    }
    [ended, limit]
}

/// The totals of all bulkheads or rate limits with one name.
#[derive(Default)]
struct OfName {
    sums: LimitSums,
    waiting: u32,
    in_flight: u32,
    max: u32,
    /// The number of keys, and the value of the option `max_keys`. The field is `None` without the option `key`.
    size: Option<FamilyStats>,
    top: Vec<(String, LimitSums)>,
}

fn bulkheads(top_keys: usize) -> Vec<Metric> {
    let mut names = BTreeMap::<String, OfName>::new();
    for (name, stats) in Bulkhead::layers().stats() {
        let of_name = names.entry(name).or_default();
        of_name.sums.add(&LimitSums { admitted: stats.total_admitted, rejected: stats.total_rejected });
        of_name.waiting += stats.waiting;
        of_name.in_flight += stats.in_use;
        of_name.max = stats.max;
    }
    for (name, keyed) in KeyedBulkheads::layers().labelled() {
        let of_name = names.entry(name).or_default();
        let mut top = Top::new(top_keys);
        let sums = keyed.sums(|bulkhead, sums| {
            let stats = bulkhead.stats();
            of_name.waiting += stats.waiting;
            of_name.in_flight += stats.in_use;
            of_name.max = stats.max;
            top.add(sums.rejected, || (key_of(bulkhead.name(), keyed.name()), *sums));
        });
        of_name.sums.add(&sums);
        of_name.size = Some(keyed.stats());
        of_name.top = top.into_sorted().collect();
    }
    let mut in_flight = Metric::gauge("resilience_bulkhead_in_flight", "Running calls of a bulkhead.");
    let help = "Slots of a bulkhead. With keys: slots of each key.";
    let mut max = Metric::gauge("resilience_bulkhead_max", help);
    for (name, of_name) in &names {
        in_flight.set(Labels::of(name), of_name.in_flight);
        if of_name.max > 0 {
            max.set(Labels::of(name), of_name.max);
        }
    }
    let mut metrics = vec![in_flight, max];
    metrics.extend(limits(
        &names,
        [
            Metric::counter("resilience_bulkhead_calls_total", "Calls of a bulkhead, by outcome."),
            Metric::counter("resilience_bulkhead_key_calls_total", "Calls of the keys with the most rejected calls."),
            Metric::gauge("resilience_bulkhead_waiting", "Calls that wait for a slot of a bulkhead."),
            Metric::gauge("resilience_bulkhead_keys", "Number of bulkheads of a name with keys."),
            Metric::gauge("resilience_bulkhead_max_keys", "Largest number of bulkheads of a name with keys."),
        ],
    ));
    metrics
}

fn rate_limits(top_keys: usize) -> impl Iterator<Item = Metric> {
    let mut names = BTreeMap::<String, OfName>::new();
    for (name, stats) in RateLimit::layers().stats() {
        let of_name = names.entry(name).or_default();
        of_name.sums.add(&LimitSums { admitted: stats.total_admitted, rejected: stats.total_rejected });
        of_name.waiting += stats.waiting;
    }
    for (name, keyed) in KeyedRateLimits::layers().labelled() {
        let of_name = names.entry(name).or_default();
        let mut top = Top::new(top_keys);
        let sums = keyed.sums(|limit, sums| {
            of_name.waiting += limit.stats().waiting;
            top.add(sums.rejected, || (key_of(limit.name(), keyed.name()), *sums));
        });
        of_name.sums.add(&sums);
        of_name.size = Some(keyed.stats());
        of_name.top = top.into_sorted().collect();
    }
    limits(
        &names,
        [
            Metric::counter("resilience_rate_limit_calls_total", "Calls of a rate limit, by outcome."),
            Metric::counter("resilience_rate_limit_key_calls_total", "Calls of the keys with the most rejected calls."),
            Metric::gauge("resilience_rate_limit_waiting", "Calls that wait in the queue of a rate limit."),
            Metric::gauge("resilience_rate_limit_keys", "Number of rate limits of a name with keys."),
            Metric::gauge("resilience_rate_limit_max_keys", "Largest number of rate limits of a name with keys."),
        ],
    )
}

/// Adds the samples of the five metrics that bulkheads and rate limits both have.
fn limits(names: &BTreeMap<String, OfName>, metrics: [Metric; 5]) -> impl Iterator<Item = Metric> + use<> {
    let [mut calls, mut of_keys, mut waiting, mut keys, mut max_keys] = metrics;
    for (name, OfName { sums, waiting: count, size, top, .. }) in names {
        calls.count(Labels::of(name).and("outcome", "admitted"), sums.admitted);
        calls.count(Labels::of(name).and("outcome", "rejected"), sums.rejected);
        waiting.set(Labels::of(name), *count);
        if let Some(size) = size {
            keys.set(Labels::of(name), size.keys);
            max_keys.set(Labels::of(name), size.max_keys);
        }
        for (key, sums) in top {
            let labels = || Labels::of(name).and("key", key.clone());
            of_keys.count(labels().and("outcome", "admitted"), sums.admitted);
            of_keys.count(labels().and("outcome", "rejected"), sums.rejected);
        }
    }
    [calls, waiting, keys, max_keys, of_keys].into_iter()
}

fn hedges() -> [Metric; 4] {
    let help = "Attempts of the calls of a hedge, including first attempts.";
    let mut attempts = Metric::counter("resilience_hedge_attempts_total", help);
    let help = "Calls of a hedge in which a further attempt succeeded first.";
    let mut won = Metric::counter("resilience_hedge_won_total", help);
    let help = "Further attempts of a hedge that a budget denied.";
    let mut denied = Metric::counter("resilience_hedge_denied_total", help);
    let mut after = Metric::gauge("resilience_hedge_after_seconds", "Time after which a hedge starts another attempt.");
    for (name, stats) in Hedge::layers().stats() {
        attempts.count(Labels::of(&name), stats.total_attempts);
        won.count(Labels::of(&name), stats.total_won_by_hedge);
        denied.count(Labels::of(&name), stats.total_denied);
        if let Some(time) = stats.after {
            after.set(Labels::of(&name), time.as_secs_f64());
        }
    }
    [attempts, won, denied, after]
}

fn fallbacks() -> Metric {
    let help = "Calls of a fallback, by the outcome of the fallback.";
    let mut calls = Metric::counter("resilience_fallback_calls_total", help);
    for (name, stats) in Fallback::layers().stats() {
        let succeeded = stats.total_fell_back.saturating_sub(stats.total_failed);
        calls.count(Labels::of(&name).and("outcome", "success"), succeeded);
        calls.count(Labels::of(&name).and("outcome", "failure"), stats.total_failed);
    }
    calls
}

#[cfg(feature = "chaos")]
fn faults() -> Metric {
    let help = "Faults that the module `chaos` has injected.";
    let mut injected = Metric::counter("resilience_chaos_injected_total", help);
    for (name, stats) in Faults::current().stats().faults {
        let kinds = [
            ("error", stats.total_errors),
            ("latency", stats.total_latencies),
            ("hang", stats.total_hangs),
            ("panic", stats.total_panics),
        ];
        for (kind, count) in kinds {
            injected.count(Labels::of(&name).and("kind", kind), count);
        }
    }
    injected
}
