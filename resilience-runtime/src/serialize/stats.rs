//! Serializes the statistics of all layers.

use crate::bulkhead::bulkhead::BulkheadStats;
use crate::circuit::error::whole_seconds;
use crate::circuit::stats::CircuitStats;
use crate::fallback::FallbackStats;
#[cfg(feature = "chaos")]
use crate::fault::stats::{ChaosStats, FaultStats};
use crate::hedge::stats::HedgeStats;
use crate::rate_limit::stats::RateLimitStats;
use crate::registry::family::FamilyStats;
use crate::registry::stats::Stats;
use crate::retry::budget::RetryBudgetStats;
use crate::retry::layer::RetryStats;
use crate::serialize::fields::serialize;
use crate::serialize::seconds::Seconds;
use crate::serialize::timestamp::Timestamp;
use crate::timeout::timeout::TimeoutStats;

serialize! {
    // The original specification of this project describes a Python breaker. The first nine fields have the names and
    // the order of the fields of this breaker.
    CircuitStats {
        name,
        state,
        failures,
        successes,
        threshold,
        cooldown => Seconds(*cooldown),
        cooldown_remaining => whole_seconds(*cooldown_remaining),
        last_failure => last_failure.map(Timestamp),
        last_success => last_success.map(Timestamp),
        window_total,
        window_failures,
        window_slow,
        total_succeeded,
        total_failed,
        total_ignored,
        total_cancelled,
        total_rejected,
        total_opened,
    }
    FamilyStats { keys, max_keys, }
    RetryStats {
        total_first_successes,
        total_recovered,
        total_exhausted,
        total_gave_up,
        total_attempts,
        total_retries,
        total_granted,
        total_denied,
    }
    RetryBudgetStats { tokens, granted, denied, }
    TimeoutStats { after => after.map(Seconds), total_timed_out, total_by_deadline, }
    BulkheadStats { max, in_use, waiting, total_admitted, total_rejected, }
    RateLimitStats { waiting, total_admitted, total_rejected, }
    HedgeStats { after => after.map(Seconds), max, total_attempts, total_won_by_hedge, total_denied, }
    FallbackStats { total_fell_back, total_failed, }
    Stats {
        circuits,
        families,
        retries,
        timeouts,
        bulkheads,
        keyed_bulkheads,
        rate_limits,
        keyed_rate_limits,
        hedges,
        fallbacks,
        #[cfg(feature = "chaos")] chaos,
    }
}

#[cfg(feature = "chaos")]
serialize! {
    ChaosStats { is_armed, faults, }
    FaultStats { total_errors, total_latencies, total_hangs, total_panics, }
}
