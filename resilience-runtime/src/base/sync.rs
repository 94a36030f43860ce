//! Exports the atomics and locks of this crate, from `std` or from `loom`.
//!
//! With `--cfg resilience_loom`, the types `Mutex`, `MutexGuard` and `AtomicU64` come from the crate `loom`. Loom is a
//! tool that runs a test in every interleaving of the test's threads. Every other type of this module always comes from
//! `std`.

#[cfg(not(resilience_loom))]
pub(crate) use std::sync::LazyLock;
pub(crate) use std::sync::{Arc, OnceLock};

#[cfg(resilience_loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};
#[cfg(not(resilience_loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};

/// The atomic types for a `static`, always from `std`. A `static` cannot contain the atomics of the test tool loom,
/// because the function `new` of these atomics is not `const`.
pub(crate) mod statics {
    pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
}

use std::sync::PoisonError;

#[cfg(test)]
thread_local! {
    /// The number of locks that this thread has taken. Tests use this number to count the locks that a call takes.
    pub(crate) static LOCKS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// Works like [`lock`], for a mutex that always comes from `std`.
pub(crate) fn lock_std<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    #[cfg(test)]
    LOCKS.set(LOCKS.get() + 1);
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Locks `mutex`, even if the mutex is poisoned. A mutex is poisoned if a thread panicked while holding the lock.
///
/// A poisoned mutex is no error, because the data in every mutex of this crate stays consistent during a panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    #[cfg(test)]
    LOCKS.set(LOCKS.get() + 1);
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
