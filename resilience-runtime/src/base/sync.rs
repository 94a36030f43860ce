//! Selects the atomics and locks of this crate.
//!
//! With `--cfg resilience_loom`, `Mutex`, `MutexGuard` and `AtomicU64` are the types of loom. Loom is a tool that
//! runs a test in every interleaving of its threads. All other types are always the types of `std`.

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

/// The atomics for a `static`, always from `std`. A `static` cannot hold loom's atomics, because their `new` is not
/// `const`.
pub(crate) mod statics {
    pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
}

use std::sync::PoisonError;

/// Locks `mutex`, even if a thread panicked while it held the lock.
///
/// The data is consistent after every statement of a critical section, so a poisoned lock is not an error.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
