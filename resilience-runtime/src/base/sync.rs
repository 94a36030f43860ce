//! The atomics and locks of this crate.
//!
//! With `--cfg resilience_loom`, breakers and the registry use loom's types. Loom runs every interleaving of a model.

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

/// The atomics of a `static`. Loom's atomics cannot be created in a constant.
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
