//! Implements [`RateLimit`], which limits the rate of calls.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Weak;
use std::time::Duration;

use tokio::time::sleep;
use tracing::debug;

use crate::base::clock::Tick;
use crate::base::name::Name;
use crate::base::reason::Reason;
use crate::base::sync::{Arc, AtomicU64, Ordering};
use crate::call_error::CallError;
use crate::events::{self, TARGET};
use crate::rate_limit::error::RateLimitedError;
use crate::rate_limit::line::{Line, Waiting};
use crate::rate_limit::pace::Pace;
use crate::rate_limit::quota::Quota;
use crate::timeout::deadline::within;
use crate::timeout::timeout::Timer;

/// Limits the rate of calls, and the size of a burst (the number of calls that may start at once).
///
/// The algorithm is the generic cell rate algorithm (ITU-T I.371, annex A, virtual scheduling). This algorithm admits
/// the same calls as a leaky bucket, but its state is only one atomic integer. A `RateLimit` is a cheap handle, and all
/// its clones share one limit.
///
/// A call usually takes one token. A call that takes several tokens, such as the tokens of a language model, uses
/// [`try_acquire_many`](Self::try_acquire_many).
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::RateLimit;
/// use tokio::time::advance;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limit = RateLimit::builder("search", 10).burst(2).build()?;
/// assert!(limit.try_acquire().is_ok());
/// assert!(limit.try_acquire().is_ok());
/// let limited = limit.try_acquire().unwrap_err();
/// assert_eq!(limited.to_string(), "rate limit 'search' is reached, retry in 100ms");
///
/// advance(limited.retry_after().unwrap()).await;
/// assert!(limit.try_acquire().is_ok());
/// # Ok(())
/// # }
/// ```
#[doc(alias("GCRA", "rate limiter", "throttle"))]
#[derive(Clone)]
pub struct RateLimit(Arc<Shared>);

/// The state that all handles share.
pub(crate) struct Shared {
    name: Name,
    pace: Pace,
    /// The time at which the next call would start at an even pace. The time is in nanoseconds, stored as the result of
    /// `Tick::to_bits`. The field is zero before the first call.
    due: AtomicU64,
    admitted: AtomicU64,
    rejected: AtomicU64,
    line: Line,
    wait: Duration,
    max_queue: u32,
}

/// The settings of a rate limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) pace: Pace,
    pub(crate) wait: Duration,
    pub(crate) max_queue: u32,
}

/// Waits for the turn of a call that takes `$tokens` of `$limit`, at most for the time `$wait`. Then takes the tokens.
/// `$reason` states why the call cannot start now. If this code were an async function, the future of a call would be
/// larger.
macro_rules! queue {
    ($limit:expr, $tokens:expr, $wait:expr, $reason:expr) => {{
        let (_waiting, end) = $limit.join($tokens, $wait, $reason)?;
        let turn = {
            let timer = pin!(Timer::new(end.since(Tick::now())));
            timer.race($limit.0.line.turn.acquire()).await
        };
        // The semaphore of the turn is never closed, so `turn` contains no error.
        let Some(_turn) = turn else { return Err($limit.reject_late($tokens)) };
        while let Some(early) = $limit.take_first($tokens, end)? {
            sleep(early).await;
        }
        Ok(())
    }};
}

/// Takes `$tokens` of `$limit`, and waits at most for the time `$wait`.
macro_rules! take_within {
    ($limit:expr, $tokens:expr, $wait:expr) => {
        match $limit.take($tokens) {
            Ok(()) => Ok(()),
            Err(reason) => queue!($limit, $tokens, $wait, reason),
        }
    };
}

impl RateLimit {
    pub(crate) fn new(name: Name, Settings { pace, wait, max_queue }: Settings) -> Self {
        Self(Arc::new(Shared {
            name,
            pace,
            due: AtomicU64::new(pace.first_due()),
            admitted: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            line: Line::new(),
            wait,
            max_queue,
        }))
    }

    /// Returns the name of the rate limit. This method does not escape special characters in the name, but events and
    /// errors do.
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    pub(crate) fn label(&self) -> &Name {
        &self.0.name
    }

    pub(crate) fn weak(&self) -> Weak<Shared> {
        Arc::downgrade(&self.0)
    }

    pub(crate) fn of_weak(weak: &Weak<Shared>) -> Option<Self> {
        weak.upgrade().map(Self)
    }

    /// Returns whether another handle shares the state of this handle.
    pub(crate) fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Returns a snapshot of the numbers of waiting, admitted and rejected calls.
    pub fn stats(&self) -> RateLimitStats {
        RateLimitStats {
            waiting: self.0.line.waiting(),
            total_admitted: self.0.admitted.load(Ordering::Relaxed),
            total_rejected: self.0.rejected.load(Ordering::Relaxed),
        }
    }

    /// Returns whether the limit would admit a whole burst now, and the service has reported no quota.
    pub(crate) fn is_full(&self) -> bool {
        let Shared { due, line, .. } = &*self.0;
        line.is_free() && due.load(Ordering::Relaxed) <= Tick::now().to_bits()
    }

    /// Makes the limit admit a whole burst again, and forgets the quota of [`update`](Self::update).
    pub(crate) fn reset(&self) {
        self.0.due.store(self.0.pace.first_due(), Ordering::Release);
        self.0.line.release();
    }

    /// Admits a call that is about to start, or rejects the call. This method does not wait, and needs no tokio
    /// runtime.
    ///
    /// The method takes no lock, unless calls wait or [`update`](Self::update) has set a quota. While calls wait, the
    /// method rejects the call, because the waiting calls come first.
    ///
    /// # Errors
    ///
    /// Returns a [`RateLimitedError`] if the call exceeds the limit. A rejected call does not count towards the rate.
    #[inline]
    pub fn try_acquire(&self) -> Result<(), RateLimitedError> {
        self.try_acquire_many(1)
    }

    /// Works as [`try_acquire`](Self::try_acquire), for a call that takes this number of tokens. A call that takes zero
    /// tokens is always admitted.
    ///
    /// # Errors
    ///
    /// Returns a [`RateLimitedError`] if the call exceeds the limit. If `tokens` is greater than the burst, the rate
    /// limit never admits the call, and [`is_above_burst`](RateLimitedError::is_above_burst) returns true.
    #[inline]
    pub fn try_acquire_many(&self, tokens: u32) -> Result<(), RateLimitedError> {
        self.take(tokens).map_err(|reason| self.reject(reason))
    }

    /// Admits a call that is about to start. If the call comes too early, waits for the rate, at most for the time of
    /// the option [`wait`](crate::RateLimitBuilder::wait).
    ///
    /// Waiting calls start in the order of their arrival. If the rate cannot admit the call within `wait`, the call is
    /// rejected at once. If a [`deadline`](crate::deadline()) around the call is earlier, the deadline replaces the end
    /// of `wait`.
    ///
    /// # Errors
    ///
    /// Returns a [`RateLimitedError`] if the rate does not admit the call within `wait`. Also returns this error if
    /// [`max_queue`](crate::RateLimitBuilder::max_queue) calls wait already.
    ///
    /// # Panics
    ///
    /// A call that has to wait needs the timer of a tokio runtime. The waiting call panics if there is no runtime, or
    /// if the timer of the runtime is not enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns removes the call from the line. The call then counts towards no
    /// rate, and the next call takes its turn.
    pub async fn acquire(&self) -> Result<(), RateLimitedError> {
        take_within!(self, 1, self.0.wait)
    }

    /// Works as [`acquire`](Self::acquire), for a call that takes this number of tokens. A call that takes zero tokens
    /// is admitted at once.
    ///
    /// # Errors
    ///
    /// Returns a [`RateLimitedError`] if the rate does not admit the call within the time of the option
    /// [`wait`](crate::RateLimitBuilder::wait), or if the line is full. If `tokens` is greater than the burst, the rate
    /// limit never admits the call, and [`is_above_burst`](RateLimitedError::is_above_burst) returns true.
    ///
    /// # Panics
    ///
    /// Panics in the same cases as [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns removes the call from the line.
    pub async fn acquire_many(&self, tokens: u32) -> Result<(), RateLimitedError> {
        take_within!(self, tokens, self.0.wait)
    }

    /// Works as [`acquire`](Self::acquire), but waits as long as the rate requires, regardless of the option `wait`.
    ///
    /// # Errors
    ///
    /// Returns a [`RateLimitedError`] in these cases:
    ///
    /// - [`max_queue`](crate::RateLimitBuilder::max_queue) calls wait already.
    /// - A [`deadline`](crate::deadline()) around the call is earlier than the start that the rate allows.
    ///
    /// # Panics
    ///
    /// Panics in the same cases as [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns removes the call from the line.
    ///
    /// ```
    /// use resilience_runtime::RateLimit;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (limit, begin) = (RateLimit::builder("mail", 10).burst(1).build()?, Instant::now());
    /// for _ in 0..21 {
    ///     limit.until_ready().await?;
    /// }
    /// assert_eq!(begin.elapsed().as_secs(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn until_ready(&self) -> Result<(), RateLimitedError> {
        take_within!(self, 1, Duration::MAX)
    }

    /// Restricts the calls to the quota that the service reports, for example in the headers of a response. The service
    /// admits `remaining` further tokens until the time `reset` has passed.
    ///
    /// The quota may only slow the calls down: the rate and the burst still apply. Until the reset, at most `remaining`
    /// tokens are taken. If an earlier quota still applies, the smaller number of tokens and the later reset apply. A
    /// `reset` of zero has no effect. A `reset` of more than 24 hours is shortened to 24 hours, because a wrong header
    /// could otherwise stop all calls.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::RateLimit;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let limit = RateLimit::builder("search", 10).build()?;
    /// limit.update(1, Duration::from_secs(30)); // x-ratelimit-remaining: 1, x-ratelimit-reset: 30
    /// assert!(limit.try_acquire().is_ok());
    /// let limited = limit.try_acquire().unwrap_err();
    /// assert!(limited.retry_after() > Some(Duration::from_secs(29)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(&self, remaining: u32, reset: Duration) {
        self.0.line.restrict(Quota::new(remaining, reset, Tick::now()));
    }

    /// Calls `f` if the rate limit admits the call. If the call comes too early, the call waits as in
    /// [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// Returns [`CallError::Rejected`] without calling `f` if the rate limit rejects the call. Returns
    /// [`CallError::Failed`], with the error of the future of `f`, if this future fails.
    /// [`CallError::into_error`] converts both errors to the type `E`.
    ///
    /// # Panics
    ///
    /// Panics in the same cases as [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns drops the future of `f`. An admitted call counts towards the rate
    /// even if its future is dropped. A call that still waits does not count.
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        // Takes the token before the wait, because a future that waits costs 40 instructions.
        if let Err(reason) = self.take(1) {
            self.queue(1, self.0.wait, reason).await?;
        }
        f().await.map_err(CallError::Failed)
    }

    #[inline]
    fn take(&self, tokens: u32) -> Result<(), Reason> {
        if self.0.line.is_free() { self.take_now(tokens) } else { self.take_in_line(tokens, false) }
    }

    /// Takes the tokens if the rate admits them now.
    #[expect(clippy::inline_always, reason = "measured: a call of this function costs 20 instructions")]
    #[inline(always)]
    fn take_now(&self, tokens: u32) -> Result<(), Reason> {
        let Shared { pace, due, admitted, .. } = &*self.0;
        if !pace.admits(tokens) {
            return Err(self.above_burst());
        }
        if tokens > 0 {
            let mut seen = due.load(Ordering::Acquire);
            loop {
                // Reads `due` first, and then the clock. In the opposite order, another thread could change `due` after
                // the clock reading. The error would then report too long a wait, because `now` would be older than
                // `due`.
                let now = Tick::now().to_bits();
                let next = pace.next(seen, now, tokens).map_err(|early| self.early(early))?;
                match due.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => break,
                    Err(written) => seen = written,
                }
            }
        }
        admitted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Takes the tokens while calls wait, or while a quota applies. `is_first` states whether the call is the first
    /// call of the line.
    #[cold]
    fn take_in_line(&self, tokens: u32, is_first: bool) -> Result<(), Reason> {
        let Shared { pace, due, line, .. } = &*self.0;
        if tokens == 0 || !pace.admits(tokens) {
            return self.take_now(tokens);
        }
        line.take(tokens, is_first, *pace, || due.load(Ordering::Acquire), || self.take_now(tokens))
    }

    async fn queue(&self, tokens: u32, wait: Duration, reason: Reason) -> Result<(), RateLimitedError> {
        queue!(self, tokens, wait, reason)
    }

    /// Adds a call to the line, if the rate can admit the call within `wait`. Returns the place in the line, and the
    /// latest moment until which the call may wait.
    #[cold]
    fn join(&self, tokens: u32, wait: Duration, reason: Reason) -> Result<(Waiting<'_>, Tick), RateLimitedError> {
        let wait = within(wait);
        let is_in_time = matches!(reason, Reason::Early(nanos) if Duration::from_nanos(nanos) <= wait);
        let waiting = if is_in_time { self.0.line.join(tokens, self.0.max_queue) } else { None };
        waiting.map(|waiting| (waiting, Tick::now().after(wait))).ok_or_else(|| self.reject(reason))
    }

    /// Takes the tokens for the first call of the line. If the call comes too early, returns the time until its start.
    fn take_first(&self, tokens: u32, end: Tick) -> Result<Option<Duration>, RateLimitedError> {
        match self.take_in_line(tokens, true) {
            Ok(()) => Ok(None),
            Err(Reason::Early(nanos)) if Duration::from_nanos(nanos) <= end.since(Tick::now()) => {
                Ok(Some(Duration::from_nanos(nanos)))
            }
            Err(reason) => Err(self.reject(reason)),
        }
    }

    /// Rejects a call whose wait ended before its turn.
    #[cold]
    fn reject_late(&self, tokens: u32) -> RateLimitedError {
        let Shared { pace, due, line, .. } = &*self.0;
        self.reject(line.estimate(tokens, *pace, due.load(Ordering::Acquire)))
    }

    #[cold]
    fn early(&self, nanos: u64) -> Reason {
        if self.0.pace == Pace::NEVER { Reason::NoRate } else { Reason::Early(nanos) }
    }

    #[cold]
    fn above_burst(&self) -> Reason {
        if self.0.pace == Pace::NEVER { Reason::NoRate } else { Reason::AboveBurst(self.0.pace.burst()) }
    }

    #[cold]
    fn reject(&self, reason: Reason) -> RateLimitedError {
        self.0.rejected.fetch_add(1, Ordering::Relaxed);
        // Rounds the wait up to a multiple of eight nanoseconds, the step of the clock. A call that starts after the
        // reported wait is therefore not too early.
        let reason = match reason {
            Reason::Early(early) => Reason::Early(early.saturating_add(7) & !7),
            reason => reason,
        };
        let limited = RateLimitedError::new(self.0.name.clone(), reason);
        if events::debug_wanted() {
            rate_limited(&self.0.name, limited.retry_after());
        }
        limited
    }
}

/// Takes the tokens of a decorated function, and waits at most for the time `wait`.
#[allow(clippy::missing_errors_doc)] // no docs needed: the hidden module `__private` exports this function
pub async fn acquire_tokens_within(limit: &RateLimit, tokens: u32, wait: Duration) -> Result<(), RateLimitedError> {
    take_within!(limit, tokens, wait)
}

#[cold]
fn rate_limited(name: &Name, retry_after: Option<Duration>) {
    let retry_after = retry_after.map(|time| time.as_secs_f64());
    debug!(name: "rate_limited", target: TARGET, rate_limit = %name, retry_after, "rate_limited");
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit").field("name", &self.0.name).field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// A snapshot of the counts of a rate limit. [`RateLimit::stats`] and [`get_stats`](crate::get_stats) return this
/// snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimitStats {
    /// Number of calls that wait for the rate.
    pub waiting: u32,
    /// Total number of admitted calls.
    pub total_admitted: u64,
    /// Total number of rejected calls.
    pub total_rejected: u64,
}
