//! Changes the number of slots of a bulkhead while calls run.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use tokio::sync::Semaphore;

use crate::base::sync::{Arc, lock_std};

/// The number of slots of a bulkhead, including the slots that will be removed when running calls end.
pub(crate) struct Size {
    slots: AtomicUsize,
    /// The removals of slots that running calls still occupy. A removal is a future. Like a call, a removal waits in
    /// the queue of the semaphore for a slot. When a running call frees its slot, a removal can take this slot out of
    /// use. A call therefore never has to check the size.
    removals: Mutex<Vec<Removal>>,
}

/// A future that waits for a slot, and removes this slot. The output is the number of removed slots.
type Removal = Pin<Box<dyn Future<Output = usize> + Send>>;

impl Size {
    pub(super) fn new(slots: usize) -> Self {
        Self { slots: AtomicUsize::new(slots), removals: Mutex::new(Vec::new()) }
    }

    /// Returns the number of slots, including the slots that will be removed when running calls end.
    pub(super) fn current(&self) -> usize {
        let removals = &mut *lock_std(&self.removals);
        self.settle(removals);
        self.slots.load(Ordering::Relaxed)
    }

    /// Drops the finished removals, and updates the number of slots.
    fn settle(&self, removals: &mut Vec<Removal>) {
        removals.retain_mut(|removal| match removal.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(removed) => {
                self.slots.fetch_sub(removed, Ordering::Relaxed);
                false
            }
            Poll::Pending => true,
        });
    }
}

/// A bulkhead whose number of slots can change.
pub(super) trait Slotted: Send + Sync + 'static {
    fn slots(&self) -> &Semaphore;
    fn size(&self) -> &Size;
}

/// Changes the number of slots of a bulkhead to `wanted`.
pub(super) fn resize(bulkhead: &Arc<impl Slotted>, wanted: usize) {
    let (slots, size) = (bulkhead.slots(), bulkhead.size());
    let removals = &mut *lock_std(&size.removals);
    size.settle(removals);
    let count = size.slots.load(Ordering::Relaxed);
    // Cancels the removals that are not needed any more. If a cancelled removal has already received a slot, the slot
    // returns to the semaphore. The other removals stay in the semaphore's queue. If these removals joined the queue
    // again, calls that came after an earlier change would receive slots before the removals.
    removals.truncate(count.saturating_sub(wanted));
    if wanted >= count {
        slots.add_permits(wanted - count);
        size.slots.store(wanted, Ordering::Relaxed);
        return;
    }
    let mut left = count - wanted - removals.len();
    if left == 0 {
        return;
    }
    // Removes the free slots at once.
    while let Ok(free @ 1..) = u32::try_from(slots.available_permits().min(left)) {
        if let Ok(permits) = slots.try_acquire_many(free) {
            permits.forget();
            size.slots.fetch_sub(free as usize, Ordering::Relaxed);
            left -= free as usize;
        }
    }
    removals.extend((0..left).map(|_| -> Removal {
        let bulkhead = bulkhead.clone();
        Box::pin(async move {
            // `acquire` returns no error, because the semaphore is never closed.
            let permit = bulkhead.slots().acquire().await;
            permit.map_or(0, |permit| {
                permit.forget();
                1
            })
        })
    }));
    // Polls the removals on a new thread. In a tokio task that has used up its cooperative budget, a poll would not put
    // a removal into the queue. The new thread runs no task, and therefore has no such budget.
    let settle = || size.settle(removals);
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, settle);
        thread.is_ok_and(|thread| thread.join().is_ok())
    });
}

impl fmt::Debug for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Size").field("slots", &self.slots).finish_non_exhaustive()
    }
}
