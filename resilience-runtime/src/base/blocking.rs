//! Blocks the thread of a call that is not `async`: in the pause of a retry, or while the call waits for a bulkhead or
//! a rate limit.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::base::noted::aside;
use crate::base::sync::lock_std;

/// The function with which all blocking calls of this process sleep.
static SLEEP: Mutex<fn(Duration)> = Mutex::new(thread::sleep);

/// Replaces the function with which all blocking calls of this process sleep. The default is [`std::thread::sleep`].
///
/// A test can replace the sleep by a function that returns at once. A blocking call sleeps in the pause of a retry, at
/// the front of the queue of a rate limit, and for the latency of an injected fault. Calls of async functions do not
/// use this sleep.
///
/// In the queue of a rate limit, each sleep takes at most one second, because the rate may change during the sleep. The
/// call sleeps again if tokio's clock shows that the rate does not admit the call yet. In a test of a rate limit,
/// `sleep` must therefore advance tokio's clock, or sleep in real time. If tokio's clock is paused and does not
/// advance, the call is rejected when the time of the option `wait` has passed in real time.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{retry, set_blocking_sleep};
///
/// #[retry(max = 3, delay = 60)]
/// fn ask() -> std::io::Result<()> {
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// set_blocking_sleep(|_pause| {});
/// assert!(ask().is_err()); // after 3 attempts, without a wait of 60 seconds
/// ```
pub fn set_blocking_sleep(sleep: fn(Duration)) {
    *lock_std(&SLEEP) = sleep;
}

/// Blocks the thread with the function in [`SLEEP`]. The function is user code, and may call decorated functions. Such
/// a call is no part of the attempt, so `sleep` uses [`aside`].
#[cold]
pub(crate) fn sleep(time: Duration) {
    let sleep = *lock_std(&SLEEP);
    aside(|| sleep(time));
}

/// Takes a permit of `semaphore`. Blocks the thread until a permit is free, at most for the time `wait`. Blocking and
/// asynchronous calls wait in the same queue.
pub(crate) fn acquire(semaphore: &Semaphore, wait: Duration) -> Option<SemaphorePermit<'_>> {
    let end = Instant::now().checked_add(wait);
    let mut permit = pin!(semaphore.acquire());
    let driven = match drive(permit.as_mut(), end) {
        // Polls the future on another thread, because the tokio task on this thread has used up its cooperative budget
        // (see [`drive`]). The future keeps its place in the queue.
        Driven::OutOfBudget => thread::scope(|scope| {
            let driver = thread::Builder::new().spawn_scoped(scope, || drive(permit, end));
            driver.ok()?.join().ok()
        })?,
        driven => driven,
    };
    match driven {
        Driven::Ready(permit) => permit.ok(),
        Driven::Late | Driven::OutOfBudget => None,
    }
}

enum Driven<T> {
    Ready(T),
    /// The time limit has passed, and the future is not ready.
    Late,
    /// The thread runs a tokio task that has used up its cooperative budget.
    OutOfBudget,
}

/// Polls the future of a semaphore until the future is ready, or until the time `end`.
///
/// Tokio limits the work of a task in each poll (the cooperative budget). If the budget is used up, a future of tokio
/// stays pending until the task returns to the runtime. A blocked task never returns to the runtime. This function
/// therefore returns `OutOfBudget` instead of waiting for ever.
fn drive<F: Future>(mut future: Pin<&mut F>, end: Option<Instant>) -> Driven<F::Output> {
    let unpark = Arc::new(Unpark { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Waker::from(unpark.clone());
    let mut is_first = true;
    loop {
        let is_woken = unpark.is_woken.swap(false, Ordering::AcqRel);
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Driven::Ready(output);
        }
        // A semaphore assigns the permit to a future before it wakes the future. A woken future that is still pending
        // therefore shows that the task has no budget left.
        if is_woken || is_first && !has_budget() {
            return Driven::OutOfBudget;
        }
        is_first = false;
        match end {
            None => thread::park(),
            Some(end) => match end.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return Driven::Late,
                left => thread::park_timeout(left),
            },
        }
    }
}

/// Returns whether the current tokio task has budget left. Returns true outside a task. This check uses up one part of
/// the budget.
fn has_budget() -> bool {
    let probe = Semaphore::new(1);
    let permit = pin!(probe.acquire());
    permit.poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

/// Wakes a blocked thread.
struct Unpark {
    thread: Thread,
    is_woken: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// Runs `then` in a task that can still use `left` parts of its budget.
    fn with_budget(left: usize, then: impl FnOnce()) {
        let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
        let parts = runtime().block_on(async { (0..1_000).take_while(|_| has_budget()).count() });
        assert!((1..1_000).contains(&parts), "the budget of a task is limited");
        runtime().block_on(async {
            assert!((left..parts).all(|_| has_budget()));
            then();
        });
    }

    #[test]
    fn task_without_budget_takes_permits() {
        for left in 0..4 {
            with_budget(left, || {
                let semaphore = Semaphore::new(1);
                let permit = acquire(&semaphore, LONG).expect("a free permit");
                thread::scope(|scope| {
                    scope.spawn(|| {
                        thread::park_timeout(Duration::from_millis(5));
                        drop(permit);
                    });
                    assert!(acquire(&semaphore, LONG).is_some(), "{left} parts of the budget");
                });
            });
        }
    }

    #[test]
    fn late_permit_is_not_taken() {
        let semaphore = Semaphore::new(0);
        assert!(acquire(&semaphore, Duration::from_millis(1)).is_none());
        with_budget(0, || assert!(acquire(&semaphore, Duration::from_millis(1)).is_none()));
        semaphore.add_permits(1);
        assert_eq!(semaphore.available_permits(), 1);
    }
}
