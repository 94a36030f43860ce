//! Defines the statistics of a rate limit.

/// Contains the counts of a rate limit at one moment. [`RateLimit::stats`](crate::RateLimit::stats) and
/// [`get_stats`](crate::get_stats) return these counts.
///
/// ```
/// use resilience_runtime::RateLimit;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limit = RateLimit::builder("search", 10).burst(1).build()?;
/// limit.try_acquire()?;
/// assert!(limit.try_acquire().is_err());
/// let stats = limit.stats();
/// assert_eq!((stats.waiting, stats.total_admitted, stats.total_rejected), (0, 1, 1));
/// # Ok(())
/// # }
/// ```
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
