//! Defines the slots of a bulkhead, which running calls occupy, and the methods that take a slot.

use std::time::Duration;

use tokio::sync::SemaphorePermit;

use crate::bulkhead::bulkhead::{self, Bulkhead};
use crate::bulkhead::error::BulkheadFullError;

/// Holds a slot of a [`Bulkhead`]: the right to run one call. Dropping this value frees the slot.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::Bulkhead;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bulkhead = Bulkhead::builder("slots", 1).build()?;
/// let slot = bulkhead.try_acquire()?;
/// assert_eq!(slot.waited(), Duration::ZERO);
/// drop(slot);
/// assert_eq!(bulkhead.stats().in_use, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the slot is free again when this is dropped"]
pub struct BulkheadSlot<'b> {
    _permit: SemaphorePermit<'b>,
    waited: Duration,
}

impl<'b> BulkheadSlot<'b> {
    pub(super) fn new(permit: SemaphorePermit<'b>, waited: Duration) -> Self {
        Self { _permit: permit, waited }
    }

    /// Returns the time for which the call waited for this slot. The time is zero if a slot was free.
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

/// Holds a slot of a [`Bulkhead`]: the right to run one call. Unlike a [`BulkheadSlot`], this slot is `'static`, so
/// that a task, a stream or a thread can hold the slot. Dropping this value frees the slot.
///
/// ```
/// use resilience_runtime::Bulkhead;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bulkhead = Bulkhead::builder("tasks", 1).build()?;
/// let slot = bulkhead.try_acquire_owned()?;
/// tokio::spawn(async move {
///     let _slot = slot; // free again when the task has ended
/// })
/// .await?;
/// assert!(bulkhead.try_acquire().is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "the slot is free again when this is dropped"]
pub struct OwnedBulkheadSlot {
    bulkhead: Bulkhead,
    waited: Duration,
}

impl OwnedBulkheadSlot {
    pub(super) fn new(bulkhead: Bulkhead, permit: SemaphorePermit<'_>, waited: Duration) -> Self {
        permit.forget();
        Self { bulkhead, waited }
    }

    /// Returns the time for which the call waited for this slot. The time is zero if a slot was free.
    pub fn waited(&self) -> Duration {
        self.waited
    }
}

impl Drop for OwnedBulkheadSlot {
    fn drop(&mut self) {
        self.bulkhead.free();
    }
}

impl Bulkhead {
    /// Takes a slot of the bulkhead, without waiting for a free slot. A slot is the right to run one call.
    ///
    /// # Errors
    ///
    /// Returns a [`BulkheadFullError`] if no slot is free.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::Bulkhead;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bulkhead = Bulkhead::builder("try_acquire_example", 1).build()?;
    /// let slot = bulkhead.try_acquire()?;
    /// assert!(bulkhead.try_acquire().is_err());
    /// drop(slot);
    /// assert!(bulkhead.try_acquire().is_ok());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn try_acquire(&self) -> Result<BulkheadSlot<'_>, BulkheadFullError> {
        Ok(BulkheadSlot::new(bulkhead::take(self)?, Duration::ZERO))
    }

    /// Works like [`try_acquire`](Self::try_acquire), but returns a slot that a spawned task, a stream or a thread can
    /// hold.
    ///
    /// # Errors
    ///
    /// Returns a [`BulkheadFullError`] if no slot is free.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::Bulkhead;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bulkhead = Bulkhead::builder("owned_slot_example", 1).build()?;
    /// let slot = bulkhead.try_acquire_owned()?;
    /// let worker = std::thread::spawn(move || drop(slot));
    /// worker.join().unwrap();
    /// assert_eq!(bulkhead.stats().in_use, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_acquire_owned(&self) -> Result<OwnedBulkheadSlot, BulkheadFullError> {
        Ok(OwnedBulkheadSlot::new(self.clone(), bulkhead::take(self)?, Duration::ZERO))
    }

    /// Takes a slot of the bulkhead, and waits if no slot is free. A slot is the right to run one call.
    ///
    /// The call waits for at most the time of the option [`wait`](crate::BulkheadBuilder::wait). A
    /// [`deadline`](crate::deadline()) around the call can end the wait earlier.
    ///
    /// # Errors
    ///
    /// Returns a [`BulkheadFullError`] if no slot becomes free before the wait ends. Also returns this error at once if
    /// [`max_queue`](crate::BulkheadBuilder::max_queue) calls are already waiting.
    ///
    /// # Panics
    ///
    /// Panics if the call has to wait, and no tokio runtime with an enabled timer is running.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns removes the call from the queue of waiting calls.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::Bulkhead;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bulkhead = Bulkhead::builder("acquire_example", 1).wait(Duration::from_secs(1)).build()?;
    /// let first = bulkhead.acquire().await?;
    /// let (second, ()) = tokio::join!(bulkhead.acquire(), async {
    ///     tokio::time::sleep(Duration::from_millis(20)).await;
    ///     drop(first);
    /// });
    /// assert!(second?.waited() >= Duration::from_millis(20));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn acquire(&self) -> Result<BulkheadSlot<'_>, BulkheadFullError> {
        let (permit, waited) = self.timed().await?;
        Ok(BulkheadSlot::new(permit, waited))
    }

    /// Works like [`acquire`](Self::acquire), but returns a slot that a spawned task, a stream or a thread can hold.
    ///
    /// # Errors
    ///
    /// Returns a [`BulkheadFullError`] in the same cases as [`acquire`](Self::acquire).
    ///
    /// # Panics
    ///
    /// Panics in the same cases as [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns removes the call from the queue of waiting calls.
    ///
    /// ```
    /// use resilience_runtime::Bulkhead;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bulkhead = Bulkhead::builder("pictures", 2).build()?;
    /// let slot = bulkhead.acquire_owned().await?;
    /// let picture = tokio::task::spawn_blocking(move || {
    ///     let _slot = slot; // free again when the thread has ended its work
    ///     vec![0_u8; 16]
    /// });
    /// picture.await?;
    /// assert_eq!((bulkhead.stats().in_use, bulkhead.stats().total_admitted), (0, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn acquire_owned(&self) -> Result<OwnedBulkheadSlot, BulkheadFullError> {
        let (permit, waited) = self.timed().await?;
        Ok(OwnedBulkheadSlot::new(self.clone(), permit, waited))
    }
}
