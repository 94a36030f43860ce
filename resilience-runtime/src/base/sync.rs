//! The one door to atomics and locks.
//!
//! Under `--cfg resilience_loom` those of a breaker and of a registry are loom's, which plays every interleaving of a model.

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

/// Those of a `static`, where loom's cannot be.
pub(crate) mod statics {
    pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
}

use std::sync::PoisonError;

/// Locks `mutex`, also after a panic of a thread that held it.
///
/// Every critical section of this crate leaves its data whole at each step, so a poisoned lock says nothing here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
