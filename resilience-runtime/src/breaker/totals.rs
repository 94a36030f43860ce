//! What calls came to, counted for as long as the breaker lives, and when they last did.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::clock::wall_millis;
use crate::sync::{AtomicU64, Ordering};

/// Every access is relaxed: a counter stands for itself, and none decides anything.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// Successes whose verdict counted; [`Totals::succeeded`] adds the stale ones.
    current: Counter,
    stale: Counter,
    /// `current` as it was when the circuit last closed from half-open or was reset.
    base: Counter,
    pub(crate) failed: Counter,
    pub(crate) ignored: Counter,
    pub(crate) cancelled: Counter,
    pub(crate) rejected: Counter,
    pub(crate) opened: Counter,
    pub(crate) last_success: Stamp,
    pub(crate) last_failure: Stamp,
}

impl Totals {
    pub(crate) fn add_success(&self, stale: bool) {
        let counter = if stale { &self.stale } else { &self.current };
        counter.add();
        self.last_success.set();
    }

    pub(crate) fn add_failure(&self) {
        self.failed.add();
        self.last_failure.set();
    }

    /// Starts the count of [`Totals::successes`] anew.
    pub(crate) fn restart_successes(&self) {
        self.base.0.store(self.current.get(), Ordering::Relaxed);
    }

    pub(crate) fn successes(&self) -> u64 {
        self.current.get().saturating_sub(self.base.get())
    }

    pub(crate) fn succeeded(&self) -> u64 {
        self.current.get() + self.stale.get()
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A moment of the wall clock in milliseconds; zero is never.
#[derive(Debug, Default)]
pub(crate) struct Stamp(AtomicU64);

impl Stamp {
    fn set(&self) {
        self.0.store(wall_millis(), Ordering::Relaxed);
    }

    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Option<SystemTime> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            millis => UNIX_EPOCH.checked_add(Duration::from_millis(millis)),
        }
    }
}
