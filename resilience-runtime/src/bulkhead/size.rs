//! Changes the number of slots of a bulkhead while calls run.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use crate::base::sync::lock_std;
use crate::bulkhead::bulkhead::Bulkhead;

/// The number of slots of a bulkhead, including the slots that wait for their removal.
pub(crate) struct Size {
    slots: AtomicUsize,
    /// The removals of slots that running calls still hold. Each removal waits in the queue of the semaphore, like a
    /// call. The semaphore therefore gives a freed slot to the removal, and no call has to check the size.
    removals: Mutex<Vec<Removal>>,
}

/// A future that ends when a slot is removed. The output is the number of removed slots.
type Removal = Pin<Box<dyn Future<Output = usize> + Send>>;

impl Size {
    pub(super) fn new(slots: usize) -> Self {
        Self { slots: AtomicUsize::new(slots), removals: Mutex::new(Vec::new()) }
    }

    /// Returns the number of slots, including the slots that wait for their removal.
    pub(super) fn current(&self) -> usize {
        let removals = &mut *lock_std(&self.removals);
        self.settle(removals);
        self.slots.load(Ordering::Relaxed)
    }

    /// Drops the removals that have ended.
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

impl Bulkhead {
    /// Changes the number of slots to `wanted`.
    pub(super) fn resize(&self, wanted: usize) {
        let size = &self.0.size;
        let removals = &mut *lock_std(&size.removals);
        size.settle(removals);
        // Cancels the removals that still wait. The semaphore takes back the slots that a removal has already received.
        removals.clear();
        let slots = size.slots.load(Ordering::Relaxed);
        if wanted >= slots {
            self.0.slots.add_permits(wanted - slots);
            size.slots.store(wanted, Ordering::Relaxed);
            return;
        }
        let mut left = slots - wanted;
        // Removes the free slots at once.
        while let Some(free @ 1..) = Some(self.0.slots.available_permits().min(left)) {
            let Ok(count) = u32::try_from(free) else { break };
            if let Ok(permits) = self.0.slots.try_acquire_many(count) {
                permits.forget();
                size.slots.fetch_sub(free, Ordering::Relaxed);
                left -= free;
            }
        }
        removals.extend((0..left).map(|_| -> Removal {
            let bulkhead = self.clone();
            // The semaphore is never closed.
            Box::pin(async move {
                bulkhead.0.slots.acquire().await.map_or(0, |permit| {
                    permit.forget();
                    1
                })
            })
        }));
        // A task of tokio can have used up its budget, and would then not put the removal into the queue. A thread of its
        // own has no budget.
        let settle = || size.settle(removals);
        thread::scope(|scope| {
            let thread = thread::Builder::new().spawn_scoped(scope, settle);
            thread.is_ok_and(|thread| thread.join().is_ok())
        });
    }
}

impl fmt::Debug for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Size").field("slots", &self.slots).finish_non_exhaustive()
    }
}
