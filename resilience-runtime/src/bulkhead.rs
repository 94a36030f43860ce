//! A limit on the calls that run at the same time.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::debug;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::ConfigError;
use crate::base::config_error::Value;
use crate::base::name::{self, Name};
use crate::base::sync::{Arc, AtomicU64, Ordering};
use crate::events::{self, TARGET};
use crate::timeout::deadline::within;
use crate::timeout::timeout::Timer;

/// The rejection of a call by a bulkhead that was full, and remained so as long as the call was to wait.
///
/// Making or cloning one does not allocate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("bulkhead '{name}' is full")]
pub struct BulkheadFullError {
    name: Name,
}

impl BulkheadFullError {
    /// The name of the bulkhead, not escaped: that of the function, if an attribute has made it.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }
}

/// Of the kind [`ResourceBusy`](io::ErrorKind::ResourceBusy), with the rejection as its source.
impl From<BulkheadFullError> for io::Error {
    fn from(full: BulkheadFullError) -> Self {
        Self::new(io::ErrorKind::ResourceBusy, full)
    }
}

/// Lets so many calls run at the same time; others wait in a queue, first come, first served, or are rejected.
///
/// A cheap handle: its clones share the slots.
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
#[derive(Clone)]
pub struct Bulkhead(Arc<Shared>);

struct Shared {
    name: Name,
    max: u32,
    wait: Duration,
    slots: Semaphore,
    waiting: AtomicU64,
    admitted: AtomicU64,
    rejected: AtomicU64,
}

impl Bulkhead {
    /// Starts to describe a bulkhead for at most `max` calls at the same time, at least 1.
    pub fn builder(name: impl Into<Cow<'static, str>>, max: u32) -> BulkheadBuilder {
        BulkheadBuilder { name: name.into(), max, wait: Duration::ZERO }
    }

    pub(crate) fn new(name: Name, max: u32, wait: Duration) -> Self {
        // `Semaphore::MAX_PERMITS`, which the oldest tokio has not: half a billion where a pointer is 32 bits long.
        const MOST: usize = usize::MAX >> 3;
        let slots = usize::try_from(max).unwrap_or(usize::MAX).min(MOST);
        Self(Arc::new(Shared {
            name,
            max,
            wait,
            slots: Semaphore::new(slots),
            waiting: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
        }))
    }

    /// The name that it was given.
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// What it holds now, and what it has done.
    pub fn stats(&self) -> BulkheadStats {
        let Shared { max, slots, waiting, admitted, rejected, .. } = &*self.0;
        let free = u32::try_from(slots.available_permits()).unwrap_or(u32::MAX);
        BulkheadStats {
            max: *max,
            in_use: max.saturating_sub(free),
            waiting: waiting.load(Ordering::Relaxed),
            total_admitted: admitted.load(Ordering::Relaxed),
            total_rejected: rejected.load(Ordering::Relaxed),
        }
    }

    /// Takes a slot, if one is free at once.
    ///
    /// # Errors
    ///
    /// [`BulkheadFullError`] otherwise.
    #[inline]
    pub fn try_acquire(&self) -> Result<BulkheadSlot<'_>, BulkheadFullError> {
        self.take().ok_or_else(|| self.reject())
    }

    /// Takes a slot, or waits for one in the queue; no longer than until a [`deadline`](crate::deadline()) around it.
    ///
    /// # Errors
    ///
    /// [`BulkheadFullError`] when the wait is over.
    ///
    /// # Panics
    ///
    /// When it has to wait outside a tokio runtime with its timer enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the queue.
    pub async fn acquire(&self) -> Result<BulkheadSlot<'_>, BulkheadFullError> {
        if let Some(slot) = self.take() {
            return Ok(slot);
        }
        if self.0.wait.is_zero() {
            return Err(self.reject());
        }
        let waiting = Waiting::among(&self.0.waiting);
        let timer = pin!(Timer::new(within(self.0.wait)));
        let acquired = timer.race(self.0.slots.acquire()).await;
        drop(waiting);
        match acquired {
            Some(Ok(permit)) => Ok(self.admit(permit)),
            // Nobody closes the semaphore.
            Some(Err(_)) | None => Err(self.reject()),
        }
    }

    /// Calls `f` in a slot.
    ///
    /// # Errors
    ///
    /// That of the call, or one made from a [`BulkheadFullError`]; the closure does not run then.
    ///
    /// # Panics
    ///
    /// As [`Bulkhead::acquire`] does.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the queue, or drops the call and frees its slot.
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<BulkheadFullError>,
    {
        let _slot = self.acquire().await?;
        f().await
    }

    #[inline]
    fn take(&self) -> Option<BulkheadSlot<'_>> {
        self.0.slots.try_acquire().ok().map(|permit| self.admit(permit))
    }

    #[inline]
    fn admit<'b>(&self, permit: SemaphorePermit<'b>) -> BulkheadSlot<'b> {
        self.0.admitted.fetch_add(1, Ordering::Relaxed);
        BulkheadSlot { _permit: permit }
    }

    #[cold]
    fn reject(&self) -> BulkheadFullError {
        self.0.rejected.fetch_add(1, Ordering::Relaxed);
        if events::debug_wanted() {
            bulkhead_full(&self.0.name, self.0.max);
        }
        BulkheadFullError { name: self.0.name.clone() }
    }
}

#[cold]
fn bulkhead_full(name: &Name, max: u32) {
    debug!(name: "bulkhead_full", target: TARGET, bulkhead = %name, max, "bulkhead_full");
}

impl fmt::Debug for Bulkhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bulkhead").field("name", &self.0.name).field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// A place in a [`Bulkhead`], which is free again when this is dropped.
#[derive(Debug)]
#[must_use = "the slot is free again when this is dropped"]
pub struct BulkheadSlot<'b> {
    _permit: SemaphorePermit<'b>,
}

/// Counts as waiting until it is dropped.
struct Waiting<'a>(&'a AtomicU64);

impl<'a> Waiting<'a> {
    fn among(waiting: &'a AtomicU64) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What a [`Bulkhead`] holds, and what it has done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BulkheadStats {
    /// How many calls may run at the same time.
    pub max: u32,
    /// How many run.
    pub in_use: u32,
    /// How many wait for a slot.
    pub waiting: u64,
    /// How many were given one, ever.
    pub total_admitted: u64,
    /// How many were rejected, ever.
    pub total_rejected: u64,
}

/// Describes a bulkhead, from [`Bulkhead::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct BulkheadBuilder {
    name: Cow<'static, str>,
    max: u32,
    wait: Duration,
}

impl BulkheadBuilder {
    /// How long a call waits for a slot, 0 to 584 years. Default: 0, which rejects it at once.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Makes the bulkhead.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for an option outside its range, or a name that is blank.
    pub fn build(self) -> Result<Bulkhead, ConfigError> {
        let Self { name, max, wait } = self;
        name::check(&name)?;
        if max == 0 {
            return Err(ConfigError::new("max", "0".to_owned(), "a whole number of at least 1"));
        }
        if !fits(wait) {
            return Err(ConfigError::new("wait", Value::Time(wait).to_string(), LONGEST));
        }
        Ok(Bulkhead::new(name.into(), max, wait))
    }
}
