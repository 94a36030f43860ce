//! Implements [`Hedge`], which starts another attempt of a call while the earlier attempts still run.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tracing::debug;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::{ConfigError, Value};
use crate::base::repeat::Repeat;
use crate::base::sync::{Arc, AtomicU64, Ordering};
use crate::events::{self, TARGET};
use crate::timeout::deadline::deadline_remaining;
use crate::timeout::timeout::Timer;

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
/// A `Hedge` is a cheap handle, and all its clones share the counts of [`stats`](Self::stats).
#[doc(alias = "hedged request")]
#[derive(Clone)]
pub struct Hedge(Arc<HedgeCore>);

/// The settings and the counts of a hedge.
#[derive(Debug)]
#[allow(missing_docs)] // no docs needed: only the hidden module `__private` exports this type
pub struct HedgeCore {
    /// The time between the starts of two attempts, or [`Duration::MAX`] if no attribute with this name sets the time.
    after: Duration,
    max: u32,
    begun: AtomicU64,
    won_by_hedge: AtomicU64,
}

/// The default of the option `max`.
const MAX: u32 = 2;

impl Hedge {
    /// Creates a hedge of at most `max` attempts. The time `after` passes between the starts of two consecutive
    /// attempts. The number `max` must be from 2 to 5. The time `after` must be longer than zero, and at most 584
    /// years.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if `after` or `max` is outside its range.
    pub fn new(after: Duration, max: u32) -> Result<Self, ConfigError> {
        let error = |allowed: &'static str| Err(ConfigError::new("after", Value::Time(after).to_string(), allowed));
        match after {
            Duration::ZERO => error("longer than zero"),
            _ if !fits(after) => error(LONGEST),
            _ if !(2..=5).contains(&max) => Err(ConfigError::new("max", max.to_string(), "a whole number from 2 to 5")),
            _ => Ok(Self::after_time(Some(after), Some(max))),
        }
    }

    /// Returns the time between the starts of two consecutive attempts.
    pub fn after(&self) -> Duration {
        self.0.after
    }

    /// Returns the largest number of attempts of one call.
    pub fn max(&self) -> u32 {
        self.0.max
    }

    /// Creates the hedge of an attribute. If `after` is `None`, the hedge starts no second attempt.
    pub(crate) fn after_time(after: Option<Duration>, max: Option<u32>) -> Self {
        let (after, max) = (after.unwrap_or(Duration::MAX), max.unwrap_or(MAX));
        Self(Arc::new(HedgeCore { after, max, begun: AtomicU64::new(0), won_by_hedge: AtomicU64::new(0) }))
    }

    /// Returns a snapshot of the settings and the counts of this hedge. All clones of a hedge share the counts.
    pub fn stats(&self) -> HedgeStats {
        let HedgeCore { after, max, begun, won_by_hedge } = &*self.0;
        HedgeStats {
            after: Some(*after).filter(|after| *after != Duration::MAX),
            max: *max,
            total_attempts: begun.load(Ordering::Relaxed),
            total_won_by_hedge: won_by_hedge.load(Ordering::Relaxed),
        }
    }

    /// Calls `f`. While no attempt has succeeded, calls `f` again at intervals of `after`, at most `max` times in all.
    /// If a [`deadline`](crate::deadline()) around the call has passed, no further attempt starts.
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
        Hedged::new(self, places, begin).await
    }
}

impl fmt::Debug for Hedge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hedge").field("stats", &self.stats()).finish()
    }
}

/// A snapshot of the settings and the counts of a hedge. [`Hedge::stats`] and [`get_stats`](crate::get_stats) return
/// this snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HedgeStats {
    /// Time between the starts of two attempts. The field is `None` if each call evaluates the time, or if no attribute
    /// with this name sets the time.
    pub after: Option<Duration>,
    /// Maximum number of attempts of one call.
    pub max: u32,
    /// Total number of attempts that have started, including the first attempts.
    pub total_attempts: u64,
    /// Total number of calls in which a second or later attempt (a hedged request) succeeded first.
    pub total_won_by_hedge: u64,
}

/// Emits the event `hedged`, except for the first attempt. `attempt` is the number of the attempt, counted from 1.
pub fn began(func: &str, attempt: u32) {
    if attempt > 1 && events::debug_wanted() {
        hedged(func, attempt);
    }
}

#[cold]
fn hedged(func: &str, attempt: u32) {
    debug!(name: "hedged", target: TARGET, func, attempt, "hedged");
}

/// The outcome of one attempt of a hedged call.
#[diagnostic::on_unimplemented(
    message = "a decorated function must return a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "what failed is told from what did not by `Err`: return `Result<{Self}, SomeError>`"
)]
pub trait Attempted {
    /// Returns whether this outcome ends the call, even if other attempts still run.
    fn wins(&self) -> bool;
}

impl<T, E> Attempted for Result<T, E> {
    fn wins(&self) -> bool {
        self.is_ok()
    }
}

pin_project! {
    /// The future of a hedged call, which polls the running attempts and starts further attempts.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Hedged<S, B, P> {
        source: S,
        begin: B,
        // The number of attempts that may still start.
        left: u32,
        // The number of attempts that have started.
        begun: u32,
        // The timer that ends when the next attempt must start.
        #[pin]
        timer: Option<Timer>,
        // An array with one element for each attempt. An element is `None` if its attempt has not started, or has
        // ended. The length of the array is a const generic, which the macro `pin_project!` does not support. The type
        // of the array is therefore the type parameter `P`.
        attempts: P,
    }
}

/// A value that returns the settings and the counts of a hedged call.
pub trait HedgeSource {
    /// Returns the time between the starts of two attempts.
    fn after(&self) -> Duration;

    /// Returns the hedge that counts the call.
    fn core(&self) -> &HedgeCore;
}

impl HedgeSource for &Hedge {
    #[inline]
    fn after(&self) -> Duration {
        self.0.after
    }

    #[inline]
    fn core(&self) -> &HedgeCore {
        &self.0
    }
}

/// A hedge, and the time that this call has evaluated for it.
#[derive(Debug)]
pub struct Evaluated<'a>(pub Duration, pub &'a Hedge);

impl HedgeSource for Evaluated<'_> {
    #[inline]
    fn after(&self) -> Duration {
        self.0
    }

    #[inline]
    fn core(&self) -> &HedgeCore {
        &self.1.0
    }
}

impl<'a, S, B, F, const MAX: usize> Hedged<S, B, [Pin<&'a mut Option<F>>; MAX]>
where
    S: HedgeSource,
    // rustc shows the next line in its error about a body that consumes an argument.
    B: Fn(u32) -> F, // write `clone(argument)` in `#[hedge]` for an argument that the body consumes
    F: Future,
{
    /// Creates the future of a call. The number of attempts is limited by `MAX` and by the `max` of the hedge. The
    /// function `begin` receives the number of an attempt, counted from 1, and returns the future of the attempt.
    #[expect(clippy::cast_possible_truncation, reason = "there are at most five places")]
    pub fn new(source: S, attempts: [Pin<&'a mut Option<F>>; MAX], begin: B) -> Self {
        let left = source.core().max.min(MAX as u32);
        Self { source, begin, left, begun: 0, timer: None, attempts }
    }
}

/// Polls all running attempts in the order of their starts. If [`wins`](Attempted::wins) returns true for an outcome,
/// returns this outcome at once. If no attempt runs any more, returns the outcome of the attempt that ended last.
/// Each outcome comes with the index of its attempt, which is zero for the first attempt. In all other cases, returns
/// `None`.
fn poll_all<F: Future<Output: Attempted>>(
    attempts: &mut [Pin<&mut Option<F>>],
    cx: &mut Context<'_>,
) -> Option<(usize, F::Output)> {
    let mut last = None;
    let mut runs = false;
    for (index, attempt) in attempts.iter_mut().enumerate() {
        let _mark = Repeat::mark_hedged(index > 0);
        match attempt.as_mut().as_pin_mut().map(|attempt| attempt.poll(cx)) {
            Some(Poll::Ready(output)) => {
                attempt.set(None);
                if output.wins() {
                    return Some((index, output));
                }
                last = Some((index, output));
            }
            Some(Poll::Pending) => runs = true,
            None => {}
        }
    }
    last.filter(|_| !runs)
}

impl<S, B, F, const MAX: usize> Future for Hedged<S, B, [Pin<&mut Option<F>>; MAX]>
where
    S: HedgeSource,
    B: Fn(u32) -> F,
    F: Future<Output: Attempted>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        loop {
            if let Some((index, output)) = poll_all(this.attempts, cx) {
                if index > 0 && output.wins() {
                    this.source.core().won_by_hedge.fetch_add(1, Ordering::Relaxed);
                }
                return Poll::Ready(output);
            }
            let due = match this.timer.as_mut().as_pin_mut() {
                None => true,
                Some(timer) => *this.left > 0 && timer.poll(cx).is_ready(),
            };
            // The timer for the next attempt ends before the caller's deadline, but the runtime may poll this task
            // after the deadline. No further attempt starts then.
            let late = *this.begun > 0 && deadline_remaining().is_some_and(|left| left.is_zero());
            if !due || late {
                return Poll::Pending;
            }
            *this.left -= 1;
            *this.begun += 1;
            this.source.core().begun.fetch_add(1, Ordering::Relaxed);
            if let Some(place) = this.attempts.get_mut(*this.begun as usize - 1) {
                let _mark = Repeat::mark_hedged(*this.begun > 1);
                place.set(Some((this.begin)(*this.begun)));
            }
            if deadline_remaining().is_some_and(|left| this.source.after() >= left) {
                *this.left = 0;
            }
            this.timer.set(Some(Timer::new(this.source.after())));
        }
    }
}
