//! Defines the method `watch` of a bulkhead's slot.

use futures_core::Stream;

use crate::bulkhead::OwnedBulkheadSlot;
use crate::stream::watch::Watch;
use crate::stream::watched::WatchedStream;

impl<I> Watch<I> for OwnedBulkheadSlot {}

impl OwnedBulkheadSlot {
    /// Wraps `stream` in a stream that holds the slot. The slot is free again when the stream ends, panics or is
    /// dropped. If the returned stream ends or is dropped, the inner `stream` is dropped before the slot becomes free.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use resilience_runtime::Bulkhead;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bulkhead = Bulkhead::builder("downloads", 1).build()?;
    /// let mut chunks = bulkhead.try_acquire_owned()?.watch(stream::iter([1, 2]));
    /// assert_eq!(chunks.next().await, Some(1));
    /// assert!(bulkhead.try_acquire().is_err());
    /// assert_eq!(chunks.count().await, 1);
    /// assert!(bulkhead.try_acquire().is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch<S: Stream>(self, stream: S) -> WatchedStream<S, Self> {
        WatchedStream::new(stream, self)
    }
}
