//! Beginning a call once more while it has not ended.

use std::any::type_name;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tracing::debug;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::{ConfigError, Value};
use crate::events::{self, TARGET};
use crate::timeout::deadline::deadline_remaining;
use crate::timeout::timeout::Timer;

/// After how long a call that has not ended is begun once more, beside what runs.
///
/// The first that succeeds gives the answer, and the others are dropped: the slowest calls become as fast as the others,
/// for few calls more. Hedged requests, of Jeffrey Dean and Luiz André Barroso, *The Tail at Scale* (Communications of
/// the ACM 56, 2, 2013), who begin a second one at the 95th percentile of the time that calls take.
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
    /// Begins another attempt after each such time, longer than zero, at most 584 years; 2 to 5 attempts in all.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for a value outside these ranges.
    pub fn new(after: Duration, max: u32) -> Result<Self, ConfigError> {
        let error = |allowed: &'static str| Err(ConfigError::new("after", Value::Time(after).to_string(), allowed));
        match after {
            Duration::ZERO => error("longer than zero"),
            _ if !fits(after) => error(LONGEST),
            _ if !(2..=5).contains(&max) => Err(ConfigError::new("max", max.to_string(), "a whole number from 2 to 5")),
            _ => Ok(Self { after, max }),
        }
    }

    /// Calls `f`, and again while no attempt has ended, but not after a [`deadline`](crate::deadline()) around it. They run in one task, and the future has room for five.
    ///
    /// An error ends the call when no other attempt runs: what fails is not made again, which is for a
    /// [`RetryPolicy`](crate::RetryPolicy).
    ///
    /// # Errors
    ///
    /// That of the attempt that ended last, if all that were begun fail.
    ///
    /// # Panics
    ///
    /// When it has to wait outside a tokio runtime with its timer enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops all attempts.
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, E>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let places = Another::new(Another::new(Another::new(Another::new(Last::new()))));
        let mut hedged = Hedged::new(type_name::<F>(), self.after, places, f);
        hedged.left = self.max;
        hedged.await
    }
}

#[cold]
fn hedged(func: &str, attempt: u32) {
    debug!(name: "hedged", target: TARGET, func, attempt, "hedged");
}

/// What an attempt comes to.
pub trait Attempted {
    /// Whether it is the answer, whatever becomes of the others.
    fn wins(&self) -> bool;
}

impl<T, E> Attempted for Result<T, E> {
    fn wins(&self) -> bool {
        self.is_ok()
    }
}

/// Places for attempts: as many as there may be, each of them in the future that holds this.
pub trait Places<F: Future> {
    /// How many there are.
    const COUNT: u32;

    /// Puts an attempt in the first place that is free.
    fn put(self: Pin<&mut Self>, attempt: F);

    /// Polls all; what one of them comes to, which wins or is the last.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Ended<F::Output>;
}

/// What came of polling some attempts.
#[derive(Debug)]
pub enum Ended<T> {
    /// One has ended, and won or left none behind.
    With(T),
    /// Some run.
    Not,
    /// None was there.
    Empty,
}

pin_project! {
    /// The last place.
    #[derive(Debug)]
    pub struct Last<F> {
        #[pin]
        attempt: Option<F>,
    }
}

pin_project! {
    /// A place before others.
    #[derive(Debug)]
    pub struct Another<F, P> {
        #[pin]
        attempt: Option<F>,
        #[pin]
        others: P,
    }
}

impl<F> Last<F> {
    /// One that is free.
    #[must_use]
    pub fn new() -> Self {
        Self { attempt: None }
    }
}

impl<F> Default for Last<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F, P: Places<F>> Another<F, P>
where
    F: Future,
{
    /// One that is free, before others.
    #[must_use]
    pub fn new(others: P) -> Self {
        Self { attempt: None, others }
    }
}

fn poll_one<F: Future>(mut attempt: Pin<&mut Option<F>>, cx: &mut Context<'_>) -> Ended<F::Output> {
    match attempt.as_mut().as_pin_mut().map(|attempt| attempt.poll(cx)) {
        Some(Poll::Ready(output)) => {
            attempt.set(None);
            Ended::With(output)
        }
        Some(Poll::Pending) => Ended::Not,
        None => Ended::Empty,
    }
}

impl<F: Future<Output: Attempted>> Places<F> for Last<F> {
    const COUNT: u32 = 1;

    fn put(self: Pin<&mut Self>, attempt: F) {
        self.project().attempt.set(Some(attempt));
    }

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Ended<F::Output> {
        poll_one(self.project().attempt, cx)
    }
}

impl<F: Future<Output: Attempted>, P: Places<F>> Places<F> for Another<F, P> {
    const COUNT: u32 = P::COUNT + 1;

    fn put(self: Pin<&mut Self>, attempt: F) {
        let mut this = self.project();
        if this.attempt.is_none() {
            this.attempt.set(Some(attempt));
        } else {
            this.others.put(attempt);
        }
    }

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Ended<F::Output> {
        let this = self.project();
        let own = match poll_one(this.attempt, cx) {
            Ended::With(output) if output.wins() => return Ended::With(output),
            own => own,
        };
        let runs = matches!(own, Ended::Not);
        match this.others.poll(cx) {
            Ended::Empty => own,
            Ended::With(output) if runs && !output.wins() => Ended::Not,
            others => others,
        }
    }
}

pin_project! {
    /// A call that is begun again while no attempt has ended.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Hedged<M, P> {
        func: &'static str,
        after: Duration,
        make: M,
        // Attempts that may yet begin.
        left: u32,
        begun: u32,
        #[pin]
        timer: Option<Timer>,
        #[pin]
        places: P,
    }
}

impl<M, F, P> Hedged<M, P>
where
    M: Fn() -> F,
    F: Future,
    P: Places<F>,
{
    /// As many attempts as there are places.
    pub fn new(func: &'static str, after: Duration, places: P, make: M) -> Self {
        Self { func, after, make, left: P::COUNT, begun: 0, timer: None, places }
    }
}

impl<M, F, P> Future for Hedged<M, P>
where
    M: Fn() -> F,
    F: Future,
    P: Places<F>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        loop {
            if let Ended::With(output) = this.places.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            let due = match this.timer.as_mut().as_pin_mut() {
                None => true,
                Some(timer) => *this.left > 0 && timer.poll(cx).is_ready(),
            };
            // A task that gets its turn late finds a deadline over that was ahead when the timer was set.
            let late = *this.begun > 0 && deadline_remaining().is_some_and(|left| left.is_zero());
            if !due || late {
                return Poll::Pending;
            }
            *this.left -= 1;
            *this.begun += 1;
            if *this.begun > 1 && events::debug_wanted() {
                hedged(this.func, *this.begun);
            }
            this.places.as_mut().put((this.make)());
            if deadline_remaining().is_some_and(|left| *this.after >= left) {
                *this.left = 0;
            }
            this.timer.set(Some(Timer::new(*this.after)));
        }
    }
}
