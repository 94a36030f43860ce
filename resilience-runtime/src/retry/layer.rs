//! Stores the settings and the counts of a `#[retry]` or of a [`RetryPolicy`](crate::RetryPolicy).
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::collections::BTreeMap;

use crate::base::sync::Arc;
use crate::base::sync::statics::{AtomicU64, Ordering};
use crate::base::versions::Versions;
use crate::retry::end::End;
use crate::retry::schedule::Schedule;

/// The settings and the counts of a `#[retry]`, which all its calls share.
#[derive(Clone, Debug)]
pub struct Retry(Arc<RetryCore>);

impl Retry {
    pub(crate) fn new(schedule: Schedule) -> Self {
        Self(Arc::new(RetryCore { schedule: Versions::new(schedule), counts: Counts::default() }))
    }

    #[inline]
    pub fn core(&self) -> Retried<'_> {
        Retried { schedule: self.0.schedule.current(), counts: &self.0.counts }
    }

    /// Changes the settings. A running call may use the new settings after its current attempt. Returns false, and
    /// changes nothing, if the retry has had too many different settings (see [`Versions`]).
    pub(crate) fn change(&self, schedule: Schedule) -> bool {
        self.0.schedule.change(schedule)
    }

    pub(crate) fn stats(&self) -> RetryStats {
        self.0.counts.stats()
    }
}

#[derive(Debug)]
struct RetryCore {
    schedule: Versions<Schedule>,
    counts: Counts,
}

/// The settings and the counts of a retry, borrowed by one call.
#[derive(Clone, Copy, Debug)]
pub struct Retried<'r> {
    pub(crate) schedule: &'r Schedule,
    pub(crate) counts: &'r Counts,
}

/// A value that returns the settings and the counts of a retry. The generated code passes a closure, because a
/// successful first attempt then does not load the settings.
pub trait Source<'r>: Copy {
    fn read(self) -> Retried<'r>;
}

impl<'r, F: Fn() -> Retried<'r> + Copy> Source<'r> for F {
    #[inline]
    fn read(self) -> Retried<'r> {
        self()
    }
}

impl<'r> Source<'r> for Retried<'r> {
    #[inline]
    fn read(self) -> Self {
        self
    }
}

impl<'r> Retried<'r> {
    /// Replaces the settings. The generated code calls this method if an option contains a constant that names `Self`
    /// or a generic parameter.
    #[inline]
    pub fn with_schedule(self, schedule: &'r Schedule) -> Self {
        Self { schedule, ..self }
    }
}

/// The counts of a retry.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// The number of successful first attempts. Only a `#[retry]` with a name counts them.
    first: AtomicU64,
    /// The number of calls that succeeded after a retry.
    recovered: AtomicU64,
    retries: AtomicU64,
    /// The number of retries that a budget granted.
    granted: AtomicU64,
    /// The number of calls that ended without success, for each [`End`].
    ends: [AtomicU64; End::ALL.len()],
}

impl Counts {
    #[inline]
    pub(crate) fn count_first(&self) {
        self.first.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_recovered(&self) {
        self.recovered.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_retry(&self, is_granted: bool) {
        self.retries.fetch_add(1, Ordering::Relaxed);
        if is_granted {
            self.granted.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn count_end(&self, end: End) {
        if let Some(count) = self.ends.get(end as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn stats(&self) -> RetryStats {
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (first, recovered, retries) = (get(&self.first), get(&self.recovered), get(&self.retries));
        let ended = |end: End| self.ends.get(end as usize).map_or(0, get);
        let gave_up = End::ALL.into_iter().filter_map(|end| Some((end.reason()?, ended(end))));
        let total_gave_up: BTreeMap<_, _> = gave_up.filter(|(_, count)| *count > 0).collect();
        let (exhausted, given_up) = (ended(End::Exhausted), total_gave_up.values().sum::<u64>());
        RetryStats {
            total_first_successes: first,
            total_recovered: recovered,
            total_exhausted: exhausted,
            total_attempts: first + recovered + retries + exhausted + given_up,
            total_retries: retries,
            total_granted: get(&self.granted),
            total_denied: ended(End::Budget),
            total_gave_up,
        }
    }
}

/// Contains the counts of a retry at one moment. [`get_stats`](crate::get_stats) and
/// [`RetryPolicy::stats`](crate::RetryPolicy::stats) return these counts.
///
/// If a call is cancelled during an attempt, this attempt is not counted.
///
/// ```
/// use resilience_runtime::RetryPolicy;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = RetryPolicy::builder().max(2).build()?;
/// assert!(policy.call(|| async { Err::<(), _>("down") }).await.is_err());
/// let stats = policy.stats();
/// assert_eq!((stats.total_attempts, stats.total_retries, stats.total_exhausted), (2, 1, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryStats {
    /// Total number of calls whose first attempt succeeded. The value is zero for a
    /// [`RetryPolicy`](crate::RetryPolicy), and for a `#[retry]` without the option `name`, because counting would make
    /// each call slower.
    pub total_first_successes: u64,
    /// Total number of calls that succeeded after at least one retry.
    pub total_recovered: u64,
    /// Total number of calls whose `max` attempts all failed.
    pub total_exhausted: u64,
    /// Total number of calls that failed after fewer than `max` attempts, for each reason: `not_retryable`, `circuit`,
    /// `rejected`, `retry_after`, `max_elapsed`, `budget`, `deadline` or `nested`. The [table of events](crate#events)
    /// describes the reasons under `retry_gave_up`. A reason is absent if no call ended for this reason.
    pub total_gave_up: BTreeMap<&'static str, u64>,
    /// Total number of ended attempts. The number includes successful first attempts only if `total_first_successes`
    /// counts them. An attempt is not counted if its body panics, or if a function such as `retry_if` panics when it
    /// receives the outcome of the attempt.
    pub total_attempts: u64,
    /// Total number of retries. A retry is counted at the start of its pause, even if the call is cancelled during the
    /// pause.
    pub total_retries: u64,
    /// Total number of retries that a [`RetryBudget`](crate::RetryBudget) granted.
    pub total_granted: u64,
    /// Total number of retries that a [`RetryBudget`](crate::RetryBudget) denied.
    pub total_denied: u64,
}
