//! Implements [`RateLimit`], which limits the rate of calls.

use std::fmt;
use std::time::Duration;

use tracing::field::display;

use crate::base::clock::Tick;
#[cfg(feature = "serde")]
use crate::base::clock::nanos;
use crate::base::existing::{LastError, Note};
use crate::base::name::Name;
use crate::base::reason::Reason;
use crate::base::sync::{Arc, AtomicU64, Ordering};
use crate::base::versions::Versions;
use crate::events::{self, event};
use crate::rate_limit::error::RateLimitedError;
#[cfg(feature = "serde")]
use crate::rate_limit::kept::KeptLimit;
use crate::rate_limit::line::Line;
use crate::rate_limit::pace::Pace;
use crate::rate_limit::quota::Quota;
use crate::rate_limit::stats::RateLimitStats;

/// Limits the rate of calls, and the size of a burst: the number of calls that may start at the same moment.
///
/// The algorithm is the generic cell rate algorithm (ITU-T I.371, annex A, virtual scheduling). It admits the same
/// calls as a leaky bucket, but needs only one atomic integer. All clones of a `RateLimit` share one limit.
///
/// A call usually takes one token. With [`try_acquire_many`](Self::try_acquire_many), a call can take several tokens,
/// for example the number of tokens in a request to a language model.
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
pub struct RateLimit(pub(crate) Arc<Shared>);

/// The state that all clones of a rate limit share.
pub(crate) struct Shared {
    pub(crate) name: Name,
    pub(super) settings: Versions<Settings>,
    /// The time at which the next call is due at an even pace, in nanoseconds (see `Tick::to_bits`).
    pub(super) due: AtomicU64,
    admitted: AtomicU64,
    rejected: AtomicU64,
    pub(super) line: Line,
}

/// The settings of a rate limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) pace: Pace,
    pub(crate) wait: Duration,
    pub(crate) max_queue: u32,
}

impl RateLimit {
    pub(crate) fn new(name: Name, settings: Settings) -> Self {
        Self(Arc::new(Shared {
            name,
            settings: Versions::new(settings),
            due: AtomicU64::new(settings.pace.first_due()),
            admitted: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            line: Line::new(),
        }))
    }

    #[inline]
    pub(super) fn pace(&self) -> Pace {
        self.0.settings.current().pace
    }

    #[inline]
    pub(super) fn wait(&self) -> Duration {
        self.0.settings.current().wait
    }

    /// Changes the settings. Recent calls still count towards the rate after the change, but as at most one whole
    /// burst. Returns false and changes nothing if the rate limit has had too many different settings, see
    /// [`Versions`].
    pub(crate) fn change(&self, settings: Settings) -> bool {
        let before = self.pace();
        let is_changed = self.0.settings.change(settings);
        if is_changed && before != settings.pace {
            let first = settings.pace.first_due();
            let now = Tick::now().to_bits();
            let carried = |due| settings.pace.carried(before, due, now);
            let due = |due: u64| Some(if before == Pace::NEVER || first > 0 { first } else { carried(due) });
            let _ = self.0.due.fetch_update(Ordering::AcqRel, Ordering::Acquire, due);
        }
        is_changed
    }

    /// Returns the name of the rate limit. Special characters are not escaped, unlike in events and errors.
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// Returns the current numbers of waiting, admitted and rejected calls.
    pub fn stats(&self) -> RateLimitStats {
        RateLimitStats {
            waiting: self.0.line.waiting(),
            total_admitted: self.0.admitted.load(Ordering::Relaxed),
            total_rejected: self.0.rejected.load(Ordering::Relaxed),
        }
    }

    /// Returns true if a whole burst could start now, no call waits, and no quota is stored.
    pub(crate) fn is_full(&self) -> bool {
        let Shared { due, line, .. } = &*self.0;
        line.is_free() && due.load(Ordering::Relaxed) <= Tick::now().to_bits()
    }

    /// Makes a whole burst available again, and removes the quotas that [`update`](Self::update) has added.
    pub(crate) fn reset(&self) {
        self.0.due.store(self.pace().first_due(), Ordering::Release);
        self.0.line.release();
    }

    /// Returns the part of the state that a snapshot keeps. Returns `None` if the rate limit has no rate, or admits the
    /// same calls as a new rate limit.
    #[cfg(feature = "serde")]
    pub(crate) fn keep(&self) -> Option<KeptLimit> {
        let pace = self.pace();
        let due = self.0.due.load(Ordering::Acquire);
        let kept = KeptLimit { full_in: Duration::from_nanos(pace.until_full(due, Tick::now().to_bits())) };
        Some(kept).filter(|kept| pace != Pace::NEVER && !kept.decides_as_new())
    }

    /// Replaces the state by the state of a snapshot. The rate may have been slower at the time of the snapshot. The
    /// time until a whole burst can start is therefore limited to the time that the current rate needs to refill it.
    #[cfg(feature = "serde")]
    pub(crate) fn restore(&self, kept: &KeptLimit) {
        let Shared { due, line, .. } = &*self.0;
        let pace = self.pace();
        line.release();
        if pace != Pace::NEVER {
            let full_in = nanos(kept.full_in).min(pace.whole_burst());
            due.store(Tick::now().to_bits().saturating_add(full_in), Ordering::Release);
        }
    }

    /// Limits the calls to a quota that the service reports, for example in the headers of a response. The service
    /// allows `remaining` further tokens, until the time `reset` has passed.
    ///
    /// The rate and the burst still apply. Each earlier quota applies until its own reset. If more than 32 quotas
    /// apply, two quotas with similar reset times are merged. The merged quota has the smaller number of tokens and the
    /// later reset. This method allocates memory for the quotas.
    ///
    /// The error of a rejected call contains the time after which the rate and all quotas can admit the call. If waiting
    /// calls take several tokens, this time may be too long, by at most the time in which the rate refills a burst.
    ///
    /// If `reset` is zero, the quota has no effect. A `reset` above 24 hours becomes 24 hours, so that a wrong header
    /// cannot stop all calls for longer.
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

    #[expect(clippy::inline_always, reason = "measured: a call of this function costs 20 instructions")]
    #[inline(always)]
    pub(super) fn take(&self, tokens: u32) -> Result<(), Reason> {
        if self.0.line.is_free() { self.take_now(tokens) } else { self.take_in_line(tokens, false) }
    }

    /// Takes the tokens if the rate admits the call now. Otherwise, returns the reason for the rejection.
    #[expect(clippy::inline_always, reason = "measured: a call of this function costs 20 instructions")]
    #[inline(always)]
    pub(super) fn take_now(&self, tokens: u32) -> Result<(), Reason> {
        let Shared { due, admitted, .. } = &*self.0;
        let pace = self.pace();
        if !pace.admits(tokens) {
            return Err(self.above_burst());
        }
        if tokens > 0 {
            let mut seen = due.load(Ordering::Acquire);
            loop {
                // Reads the clock after `due`. In the opposite order, another thread could change `due` between the two
                // readings, and the error would report a wait that is too long.
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

    /// Works like [`take_now`](Self::take_now), but also respects waiting calls and quotas. `is_first` is true for the
    /// first waiting call.
    #[cold]
    pub(super) fn take_in_line(&self, tokens: u32, is_first: bool) -> Result<(), Reason> {
        let Shared { due, line, .. } = &*self.0;
        let pace = self.pace();
        if tokens == 0 || !pace.admits(tokens) {
            return self.take_now(tokens);
        }
        line.take(tokens, is_first, pace, || due.load(Ordering::Acquire), || self.take_now(tokens))
    }

    #[cold]
    fn early(&self, nanos: u64) -> Reason {
        if self.pace() == Pace::NEVER { Reason::NoRate } else { Reason::Early(nanos) }
    }

    #[cold]
    fn above_burst(&self) -> Reason {
        let pace = self.pace();
        if pace == Pace::NEVER { Reason::NoRate } else { Reason::AboveBurst(pace.burst()) }
    }

    #[cold]
    pub(super) fn reject(&self, reason: Reason) -> RateLimitedError {
        self.0.rejected.fetch_add(1, Ordering::Relaxed);
        // Rounds the wait up to a multiple of eight nanoseconds, the resolution of the clock. A call after the reported
        // wait is therefore not too early.
        let reason = match reason {
            Reason::Early(early) => Reason::Early(early.saturating_add(7) & !7),
            reason => reason,
        };
        LastError::reject(if reason.is_above_burst() { Note::AboveBurst } else { Note::Limit });
        let limited = RateLimitedError::new(self.0.name.clone(), reason);
        if events::debug_wanted() {
            rate_limited(&self.0.name, limited.retry_after());
        }
        limited
    }
}

#[cold]
fn rate_limited(name: &Name, retry_after: Option<Duration>) {
    let retry_after = retry_after.map(|time| time.as_secs_f64());
    event!(debug, "rate_limited", rate_limit = display(name), retry_after);
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit").field("name", &self.0.name).field("stats", &self.stats()).finish_non_exhaustive()
    }
}
