//! Implements [`Hedge`], which starts another attempt of a slow call while the earlier attempts still run.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use crate::base::sync::{Arc, Ordering};
use crate::hedge::after::HedgeAfter;
use crate::hedge::any::AnyHedge;
use crate::hedge::core::{HedgeCore, MAX, Settings};
use crate::hedge::events::began;
use crate::hedge::hedged::Hedged;
use crate::hedge::source::HedgeSource;
use crate::hedge::stats::HedgeStats;

/// Starts another attempt of a call if the earlier attempts take too long.
///
/// The call returns the outcome of the first attempt that succeeds, and drops the other attempts. The slowest calls
/// become much faster, at the cost of a few additional attempts.
///
/// Hedged requests were described by Jeffrey Dean and Luiz André Barroso in *The Tail at Scale* (Communications of the
/// ACM 56, 2, 2013). In this article, the second attempt starts when the first attempt has run longer than the 95th
/// percentile of the expected durations.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::Hedge;
/// use tokio::time::{Instant, sleep};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let begin = Instant::now();
/// let times = std::sync::Mutex::new(vec![50, 9_000]);
/// let hedge = Hedge::new(Duration::from_millis(200), 2)?;
/// let answer: Result<u64, ()> = hedge
///     .call(|| async {
///         let time = times.lock().unwrap().pop().unwrap();
///         sleep(Duration::from_millis(time)).await;
///         Ok(time)
///     })
///     .await;
/// assert_eq!(answer, Ok(50));
/// assert_eq!(begin.elapsed().as_millis(), 250);
/// # Ok(())
/// # }
/// ```
///
/// [`Hedge::builder`] has further options: a budget, and a percentile of measured durations in place of a fixed time.
///
/// A `Hedge` is a cheap handle, and all its clones share the counts of [`stats`](Self::stats).
#[doc(alias = "hedged request")]
#[derive(Clone)]
pub struct Hedge(pub(super) Arc<HedgeCore>);

impl Hedge {
    /// Returns the time between the starts of two consecutive attempts. If the hedge has a percentile, this time is the
    /// current value of the percentile.
    pub fn after(&self) -> Duration {
        self.0.after()
    }

    /// Returns the largest number of attempts of one call.
    pub fn max(&self) -> u32 {
        self.0.settings.current().max
    }

    /// Creates the hedge of an attribute. If `after` is `None`, each call evaluates an expression for the time between
    /// two attempts, or no attribute sets this time. `limits` are the options `min_after` and `max_after`.
    pub(crate) fn declared(after: Option<HedgeAfter>, limits: [Option<Duration>; 2], max: Option<u32>) -> Self {
        Self(Arc::new(HedgeCore::new(after, limits, max)))
    }

    /// Replaces the settings by the options of an attribute. Returns false, and changes nothing, if the hedge has had
    /// too many different settings (see [`Versions`](crate::base::versions::Versions)).
    pub(crate) fn change(&self, after: Option<HedgeAfter>, max: Option<u32>) -> bool {
        let after = match after {
            Some(HedgeAfter::Time(after)) => after,
            Some(HedgeAfter::Percentile(_)) | None => Duration::MAX,
        };
        self.0.settings.change(Settings { after, max: max.unwrap_or(MAX) })
    }

    /// Returns a snapshot of the settings and the counts of this hedge. All clones of a hedge share the counts.
    pub fn stats(&self) -> HedgeStats {
        let HedgeCore { begun, won_by_hedge, denied, .. } = &*self.0;
        HedgeStats {
            after: Some(self.after()).filter(|after| *after != Duration::MAX),
            max: self.max(),
            total_attempts: begun.load(Ordering::Relaxed),
            total_won_by_hedge: won_by_hedge.load(Ordering::Relaxed),
            total_denied: denied.load(Ordering::Relaxed),
        }
    }

    /// Calls `f`, and returns the outcome of the first attempt that succeeds. Calls `f` at intervals of `after` until
    /// an attempt succeeds, but at most `max` times. If a [`deadline`](crate::deadline()) around the call has passed,
    /// no further attempt starts. If the budget denies an attempt, the call waits for its running attempts, and no
    /// further attempt starts.
    ///
    /// If an attempt fails while no other attempt runs, the call returns the error at once. To repeat a failed call,
    /// use a [`RetryPolicy`](crate::RetryPolicy).
    ///
    /// All attempts run in the task of the caller. The future that this method returns has space for five attempts,
    /// even if `max` is smaller.
    ///
    /// # Errors
    ///
    /// If all started attempts have failed, returns the error of the attempt that ended last.
    ///
    /// # Panics
    ///
    /// If the first attempt is not ready at its first poll, this method needs the timer of a tokio runtime. The method
    /// then panics if there is no runtime, or if the timer of the runtime is not enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns drops all attempts.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::Hedge;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hedge = Hedge::new(Duration::from_millis(200), 2)?;
    /// let answer = hedge.call(|| async { Ok::<_, std::io::Error>(7) }).await?;
    /// assert_eq!(answer, 7);
    /// assert_eq!(hedge.stats().total_attempts, 1); // the first attempt was fast
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, E>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        // The closure owns `f`, because a reference to `f` would make the future 8 bytes larger.
        let begin = move |attempt| {
            began(type_name::<F>(), attempt);
            f()
        };
        let places = [pin!(None), pin!(None), pin!(None), pin!(None), pin!(None)];
        Hedged::new(any_hedge(self), places, begin).await
    }
}

impl fmt::Debug for Hedge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedge").field("stats", &self.stats()).finish()
    }
}

impl HedgeSource for &Hedge {
    #[inline]
    fn after(&self) -> Duration {
        self.0.settings.current().after
    }

    #[inline]
    fn core(&self) -> &HedgeCore {
        &self.0
    }
}

/// Returns the state of one call of a hedge whose options are known at run time only.
#[inline]
#[must_use]
pub fn any_hedge(hedge: &Hedge) -> AnyHedge<'_> {
    AnyHedge::new(&hedge.0)
}
