//! Replaces the sleep of all blocking calls of this process by a function that records the duration of each sleep.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::sync::Once;
use std::task::{Context, Waker};
use std::time::Duration;

use resilience_runtime::set_blocking_sleep;
use tokio::time::advance;

thread_local! {
    static PAUSES: RefCell<Vec<Duration>> = const { RefCell::new(Vec::new()) };
    static HAS_PAUSED_CLOCK: Cell<bool> = const { Cell::new(false) };
    static HOOK: Cell<fn()> = const { Cell::new(|| {}) };
}

fn sleep(time: Duration) {
    PAUSES.with_borrow_mut(|pauses| pauses.push(time));
    HOOK.get()();
    if HAS_PAUSED_CLOCK.get() {
        // Polls the future `advance` only once, because the first poll already moves the clock.
        let _pending = pin!(advance(time)).poll(&mut Context::from_waker(Waker::noop()));
    }
}

/// Makes each sleep of this thread return at once, and records the durations of the sleeps.
pub(crate) fn record() {
    static REPLACED: Once = Once::new();
    REPLACED.call_once(|| set_blocking_sleep(sleep));
    PAUSES.take();
}

/// Works like [`record`], but each sleep also moves the paused clock of the current runtime.
pub(crate) fn record_on_paused_clock() {
    record();
    HAS_PAUSED_CLOCK.set(true);
}

/// Works like [`record`], but each sleep of this thread also calls `hook`.
pub(crate) fn record_with(hook: fn()) {
    record();
    HOOK.set(hook);
}

/// Returns the durations of this thread's sleeps since the last call of this function or of [`record`], in
/// milliseconds.
pub(crate) fn recorded() -> Vec<u128> {
    PAUSES.take().iter().map(Duration::as_millis).collect()
}
