//! Defines [`HedgeStats`], a snapshot of a hedge.

use std::time::Duration;

/// Contains the settings and the counts of a hedge at one moment. [`Hedge::stats`](crate::Hedge::stats) and
/// [`get_stats`](crate::get_stats) return this value.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::Hedge;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hedge = Hedge::new(Duration::from_millis(200), 2)?;
/// let slow = || tokio::time::sleep(Duration::from_millis(300));
/// let answer = hedge.call(|| async { Ok::<_, std::io::Error>(slow().await) }).await;
/// assert!(answer.is_ok());
/// assert_eq!((hedge.stats().total_attempts, hedge.stats().total_won_by_hedge), (2, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HedgeStats {
    /// Time between the starts of two attempts. If the hedge has a percentile, the field contains the current value of
    /// the percentile. The field is `None` if the time is an expression that each call evaluates, or if no attribute
    /// sets the time.
    pub after: Option<Duration>,
    /// Maximum number of attempts of one call.
    pub max: u32,
    /// Total number of attempts that have started, including the first attempts.
    pub total_attempts: u64,
    /// Total number of calls whose success came from a hedged request (a second or later attempt).
    pub total_won_by_hedge: u64,
    /// Total number of hedged requests that a budget denied. Each call adds at most one, because a call starts no
    /// further attempt after a denial.
    pub total_denied: u64,
}
