//! The one door to atomics and locks.

pub(crate) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use std::sync::PoisonError;

/// Locks `mutex`, also after a panic of somebody who held it.
///
/// Every critical section of this crate leaves its data whole at each step, so a poisoned lock says nothing here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
