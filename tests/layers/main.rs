//! Tests bulkheads, fallbacks, hedges and rate limits. Also tests several attributes on one function, and the effect of
//! a rejection on the circuits and fallbacks around the rejected call.

mod bulkhead;
mod call_error;
mod circuit_and_retry;
mod constants;
mod contradictions;
mod conversions;
mod disjoint_fields;
mod dropped;
mod earlier_rejections;
mod fallback;
mod fallback_in_place;
mod fallback_on_rejected;
mod hedge;
mod hedge_budget;
mod hedge_percentile;
mod names;
mod pairs;
mod rate_limit;
mod rejection_search;
mod rejections;
mod without_timer;
