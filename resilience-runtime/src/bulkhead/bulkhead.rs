//! Implements [`Bulkhead`], which limits the number of concurrent calls.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use tracing::field::display;

use crate::base::blocking;
use crate::base::clock::Tick;
use crate::base::existing::{LastError, Note};
use crate::base::name::Name;
use crate::base::sync::statics::AtomicU32;
use crate::base::sync::{Arc, AtomicU64, Ordering};
use crate::base::versions::Versions;
use crate::bulkhead::error::BulkheadFullError;
use crate::bulkhead::size::{self, Size, Slotted};
use crate::call_error::CallError;
use crate::events::{self, event};
use crate::timeout::deadline::within;
use crate::timeout::timeout::Timer;

/// Limits the number of concurrent calls to `max`.
///
/// Each running call occupies one of `max` slots. If no slot is free, a new call waits in a queue, for at most the time
/// of the option [`wait`](crate::BulkheadBuilder::wait). If no slot becomes free in this time, the call is rejected. By
/// default, `wait` is zero, so the bulkhead rejects a call at once if no slot is free. Waiting calls receive slots in
/// the order of their arrival. All clones of a `Bulkhead` share the slots.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::Bulkhead;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bulkhead = Bulkhead::builder("reports", 1).wait(Duration::from_millis(500)).build()?;
/// let slot = bulkhead.acquire().await?;
/// assert_eq!(bulkhead.acquire().await.unwrap_err().to_string(), "bulkhead 'reports' is full");
///
/// drop(slot);
/// assert!(bulkhead.acquire().await.is_ok());
/// assert_eq!(bulkhead.stats().total_admitted, 2);
/// # Ok(())
/// # }
/// ```
#[doc(alias("concurrency limiter", "semaphore"))]
#[derive(Clone)]
pub struct Bulkhead(pub(crate) Arc<Shared>);

/// The state that all clones of a [`Bulkhead`] share.
pub(crate) struct Shared {
    pub(crate) name: Name,
    settings: Versions<Settings>,
    slots: Semaphore,
    size: Size,
    waiting: AtomicU32,
    admitted: AtomicU64,
    rejected: AtomicU64,
}

/// The options of a bulkhead.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    /// The number of slots, or `None` if no attribute sets the option `max`. If the field is `None`, the bulkhead
    /// rejects every call.
    pub(crate) max: Option<u32>,
    pub(crate) wait: Duration,
    pub(crate) max_queue: u32,
}

/// Takes a slot of `$bulkhead`, and waits for at most the time `$wait`. This code is a macro, because an async function
/// with a parameter for the wait would make the future of a call 32 bytes larger.
macro_rules! take_within {
    ($bulkhead:expr, $wait:expr) => {{
        if let Some(permit) = $bulkhead.take() {
            return Ok(permit);
        }
        let wait = $wait;
        if wait.is_zero() {
            return Err($bulkhead.reject());
        }
        let Some(waiting) = Waiting::among(&$bulkhead.0) else { return Err($bulkhead.reject()) };
        let timer = pin!(Timer::new(within(wait)));
        let acquired = timer.race($bulkhead.0.slots.acquire()).await;
        drop(waiting);
        match acquired {
            Some(Ok(permit)) => Ok($bulkhead.admit(permit)),
            // `Some(Err(_))` never occurs, because the semaphore is never closed.
            Some(Err(_)) | None => Err($bulkhead.reject()),
        }
    }};
}

impl Slotted for Shared {
    fn slots(&self) -> &Semaphore {
        &self.slots
    }

    fn size(&self) -> &Size {
        &self.size
    }
}

impl Settings {
    /// Returns the number of slots, at most the largest number that a semaphore allows.
    fn slots(&self) -> usize {
        // The largest number of permits that `Semaphore::new` allows. The oldest supported version of tokio lacks the
        // constant `Semaphore::MAX_PERMITS`. On a 32-bit target, `MOST` is about half a billion, so `max` can be
        // larger than `MOST`.
        const MOST: usize = usize::MAX >> 3;
        usize::try_from(self.max.unwrap_or(0)).unwrap_or(usize::MAX).min(MOST)
    }
}

impl Bulkhead {
    pub(crate) fn new(name: Name, settings: Settings) -> Self {
        let slots = settings.slots();
        Self(Arc::new(Shared {
            name,
            settings: Versions::new(settings),
            slots: Semaphore::new(slots),
            size: Size::new(slots),
            waiting: AtomicU32::new(0),
            admitted: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
        }))
    }

    fn max(&self) -> u32 {
        self.0.settings.current().max.unwrap_or(0)
    }

    #[inline]
    fn wait(&self) -> Duration {
        self.0.settings.current().wait
    }

    /// Changes the settings. If the number of slots becomes smaller, running calls keep their slots until they end.
    /// Returns false, and changes nothing, if the settings are new and the storage for settings ([`Versions`]) is full.
    pub(crate) fn change(&self, settings: Settings) -> bool {
        let is_changed = self.0.settings.change(settings);
        if is_changed {
            size::resize(&self.0, settings.slots());
        }
        is_changed
    }

    /// Drops the finished removals, which are futures that take slots out of use (see [`size::resize`]). A removal
    /// holds a handle of the bulkhead. Because of this handle, the eviction of idle keys would treat the bulkhead as in
    /// use.
    pub(crate) fn settle(&self) {
        self.0.size.current();
    }

    /// Returns the name of the bulkhead. This method does not escape special characters in the name, but events and
    /// errors do.
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// Returns a snapshot of the limit and the counts of the bulkhead.
    pub fn stats(&self) -> BulkheadStats {
        let Shared { slots, size, waiting, admitted, rejected, .. } = &*self.0;
        let in_use = size.current().saturating_sub(slots.available_permits());
        BulkheadStats {
            max: self.max(),
            in_use: u32::try_from(in_use).unwrap_or(u32::MAX),
            waiting: waiting.load(Ordering::Relaxed),
            total_admitted: admitted.load(Ordering::Relaxed),
            total_rejected: rejected.load(Ordering::Relaxed),
        }
    }

    /// Takes a slot of the bulkhead, calls `f`, and returns the outcome of the future of `f`. If no slot is free, the
    /// call waits as in [`acquire`](Self::acquire). The slot is free again when the call ends.
    ///
    /// # Errors
    ///
    /// Returns [`CallError::Rejected`] without calling `f` if the bulkhead rejects the call. Returns
    /// [`CallError::Failed`], with the error of the future of `f`, if this future fails. [`CallError::into_error`]
    /// converts both variants to the type `E`.
    ///
    /// # Panics
    ///
    /// Panics if the call has to wait, and no tokio runtime with an enabled timer is running.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future of a waiting call removes the call from the queue. Dropping the future of a running call
    /// also drops the future of `f`, and frees the slot.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::{Bulkhead, CallError};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bulkhead = Bulkhead::builder("call_example", 1).build()?;
    /// let ask = || async { Ok::<_, std::io::Error>(42) };
    /// assert_eq!(bulkhead.call(ask).await?, 42);
    ///
    /// let _slot = bulkhead.try_acquire()?;
    /// assert!(matches!(bulkhead.call(ask).await, Err(CallError::Rejected(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let _permit = self.acquire_permit().await?;
        f().await.map_err(CallError::Failed)
    }

    /// Works like [`call`](Self::call), for a function `f` that is not `async`. A call that waits for a slot blocks its
    /// thread. Blocking and async calls wait in one queue.
    ///
    /// This method needs no tokio runtime. In an async function, use [`call`](Self::call), because a blocked thread
    /// cannot run other tasks.
    ///
    /// # Errors
    ///
    /// Returns [`CallError::Rejected`] without calling `f` if the bulkhead rejects the call. Returns
    /// [`CallError::Failed`], with the error of `f`, if `f` fails.
    ///
    /// ```
    /// use resilience_runtime::Bulkhead;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bulkhead = Bulkhead::builder("files", 4).build()?;
    /// let text = bulkhead.call_blocking(|| std::fs::read_to_string("Cargo.toml"))?;
    /// assert!(text.contains("[package]"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn call_blocking<T, E, F>(&self, f: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Result<T, E>,
    {
        let _permit = acquire_blocking(self)?;
        f().map_err(CallError::Failed)
    }

    async fn acquire_permit(&self) -> Result<SemaphorePermit<'_>, BulkheadFullError> {
        take_within!(self, self.wait())
    }

    /// Takes a slot. Returns the slot, and the time for which the call waited.
    pub(super) async fn timed(&self) -> Result<(SemaphorePermit<'_>, Duration), BulkheadFullError> {
        if let Some(permit) = self.take() {
            return Ok((permit, Duration::ZERO));
        }
        let begin = Tick::now();
        let permit = self.acquire_permit().await?;
        Ok((permit, Tick::now().since(begin)))
    }

    /// Frees the slot of an [`OwnedBulkheadSlot`](crate::OwnedBulkheadSlot).
    pub(super) fn free(&self) {
        self.0.slots.add_permits(1);
    }

    #[inline]
    fn take(&self) -> Option<SemaphorePermit<'_>> {
        self.0.slots.try_acquire().ok().map(|permit| self.admit(permit))
    }

    #[inline]
    fn admit<'b>(&self, permit: SemaphorePermit<'b>) -> SemaphorePermit<'b> {
        self.0.admitted.fetch_add(1, Ordering::Relaxed);
        permit
    }

    /// Blocks the thread until a slot is free, at most for the time `wait`.
    #[cold]
    fn wait_blocking(&self, wait: Duration) -> Result<SemaphorePermit<'_>, BulkheadFullError> {
        let waiting = if wait.is_zero() { None } else { Waiting::among(&self.0) };
        let acquired = waiting.and_then(|_waiting| blocking::acquire(&self.0.slots, within(wait)));
        acquired.map(|permit| self.admit(permit)).ok_or_else(|| self.reject())
    }

    #[cold]
    fn reject(&self) -> BulkheadFullError {
        self.0.rejected.fetch_add(1, Ordering::Relaxed);
        if events::debug_wanted() {
            bulkhead_full(&self.0.name, self.max());
        }
        LastError::reject(Note::Limit);
        BulkheadFullError::new(self.0.name.clone(), self.0.settings.current().max.is_some())
    }
}

/// Takes a slot of the bulkhead for a decorated function, without waiting.
#[allow(clippy::missing_errors_doc)] // No user reads these docs: the hidden module `__private` exports the function.
#[inline]
pub fn take(bulkhead: &Bulkhead) -> Result<SemaphorePermit<'_>, BulkheadFullError> {
    bulkhead.take().ok_or_else(|| bulkhead.reject())
}

/// Works like [`take`], but waits for a free slot, for at most the time of the option `wait`.
#[allow(clippy::missing_errors_doc)] // No user reads these docs: the hidden module `__private` exports the function.
pub async fn acquire(bulkhead: &Bulkhead) -> Result<SemaphorePermit<'_>, BulkheadFullError> {
    take_within!(bulkhead, bulkhead.wait())
}

/// Works like [`acquire`], but with the argument `wait` in place of the option `wait`.
#[allow(clippy::missing_errors_doc)] // No user reads these docs: the hidden module `__private` exports the function.
pub async fn acquire_within(bulkhead: &Bulkhead, wait: Duration) -> Result<SemaphorePermit<'_>, BulkheadFullError> {
    take_within!(bulkhead, wait)
}

/// Works like [`acquire`], for a decorated function that is not `async`. A call that waits for a slot blocks its
/// thread.
#[allow(clippy::missing_errors_doc)] // No user reads these docs: the hidden module `__private` exports the function.
#[inline]
pub fn acquire_blocking(bulkhead: &Bulkhead) -> Result<SemaphorePermit<'_>, BulkheadFullError> {
    acquire_blocking_within(bulkhead, bulkhead.wait())
}

/// Works like [`acquire_blocking`], but with the argument `wait` in place of the option `wait`.
#[allow(clippy::missing_errors_doc)] // No user reads these docs: the hidden module `__private` exports the function.
#[inline]
pub fn acquire_blocking_within(bulkhead: &Bulkhead, wait: Duration) -> Result<SemaphorePermit<'_>, BulkheadFullError> {
    match bulkhead.take() {
        Some(permit) => Ok(permit),
        None => bulkhead.wait_blocking(wait),
    }
}

#[cold]
fn bulkhead_full(name: &Name, max: u32) {
    event!(debug, "bulkhead_full", bulkhead = display(name), max);
}

impl fmt::Debug for Bulkhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulkhead").field("name", &self.0.name).field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// A guard that counts one call as waiting while the guard exists.
struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    /// Counts a call as waiting, and returns the guard. Returns `None` if `max_queue` calls are already waiting.
    fn among(Shared { waiting, settings, .. }: &'a Shared) -> Option<Self> {
        let max_queue = settings.current().max_queue;
        let more = |calls: u32| (calls < max_queue).then_some(calls + 1);
        waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self(waiting))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Contains the limit and the counts of a bulkhead at one moment. [`Bulkhead::stats`] and
/// [`get_stats`](crate::get_stats) return this value.
///
/// ```
/// use resilience_runtime::Bulkhead;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bulkhead = Bulkhead::builder("stats_example", 2).build()?;
/// let _slot = bulkhead.try_acquire()?;
/// let stats = bulkhead.stats();
/// assert_eq!((stats.max, stats.in_use, stats.waiting, stats.total_admitted, stats.total_rejected), (2, 1, 0, 1, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkheadStats {
    /// Maximum number of concurrent calls, or zero if no attribute of this name sets the option `max`.
    pub max: u32,
    /// Number of occupied slots, one for each running call.
    pub in_use: u32,
    /// Number of calls that wait for a free slot.
    pub waiting: u32,
    /// Total number of admitted calls.
    pub total_admitted: u64,
    /// Total number of rejected calls.
    pub total_rejected: u64,
}
