//! Implements [`Hedge`], which starts another attempt of a call while the earlier attempts still run.

use std::any::type_name;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tracing::debug;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::{ConfigError, Value};
use crate::base::repeat::Repeat;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hedge {
    after: Duration,
    max: u32,
}

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
            _ => Ok(Self { after, max }),
        }
    }

    /// Returns the time between the starts of two consecutive attempts.
    pub fn after(&self) -> Duration {
        self.after
    }

    /// Returns the largest number of attempts of one call.
    pub fn max(&self) -> u32 {
        self.max
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
        Hedged::new(&self.after, places, begin).at_most(self.max).await
    }
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
    pub struct Hedged<'a, B, P> {
        after: &'a Duration,
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

impl<'a, B, F, const MAX: usize> Hedged<'a, B, [Pin<&'a mut Option<F>>; MAX]>
where
    B: Fn(u32) -> F,
    F: Future,
{
    /// Creates the future of a call with at most `MAX` attempts. The function `begin` receives the number of an
    /// attempt, counted from 1, and returns the future of the attempt.
    #[expect(clippy::cast_possible_truncation, reason = "there are at most five places")]
    pub fn new(after: &'a Duration, attempts: [Pin<&'a mut Option<F>>; MAX], begin: B) -> Self {
        Self { after, begin, left: MAX as u32, begun: 0, timer: None, attempts }
    }

    /// Reduces the largest number of attempts.
    pub fn at_most(self, max: u32) -> Self {
        Self { left: self.left.min(max), ..self }
    }
}

/// Polls all running attempts in the order of their starts. If [`wins`](Attempted::wins) returns true for an outcome,
/// returns this outcome at once. If no attempt runs any more, returns the outcome of the attempt that ended last.
/// Returns `None` in all other cases.
fn poll_all<F: Future<Output: Attempted>>(
    attempts: &mut [Pin<&mut Option<F>>],
    cx: &mut Context<'_>,
) -> Option<F::Output> {
    let mut last = None;
    let mut runs = false;
    for (index, attempt) in attempts.iter_mut().enumerate() {
        let _mark = Repeat::mark(index > 0);
        match attempt.as_mut().as_pin_mut().map(|attempt| attempt.poll(cx)) {
            Some(Poll::Ready(output)) => {
                attempt.set(None);
                if output.wins() {
                    return Some(output);
                }
                last = Some(output);
            }
            Some(Poll::Pending) => runs = true,
            None => {}
        }
    }
    last.filter(|_| !runs)
}

impl<'a, B, F, const MAX: usize> Future for Hedged<'a, B, [Pin<&'a mut Option<F>>; MAX]>
where
    B: Fn(u32) -> F,
    F: Future<Output: Attempted>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        loop {
            if let Some(output) = poll_all(this.attempts, cx) {
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
            if let Some(place) = this.attempts.get_mut(*this.begun as usize - 1) {
                let _mark = Repeat::mark(*this.begun > 1);
                place.set(Some((this.begin)(*this.begun)));
            }
            if deadline_remaining().is_some_and(|left| **this.after >= left) {
                *this.left = 0;
            }
            this.timer.set(Some(Timer::new(**this.after)));
        }
    }
}
