//! Defines the statistics of a rate limit.

/// Contains the counts of a rate limit at one moment. [`RateLimit::stats`](crate::RateLimit::stats) and
/// [`get_stats`](crate::get_stats) return these counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimitStats {
    /// Number of calls that wait in the queue of the rate limit.
    pub waiting: u32,
    /// Total number of admitted calls.
    pub total_admitted: u64,
    /// Total number of rejected calls.
    pub total_rejected: u64,
}
