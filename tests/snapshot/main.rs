//! Tests of the feature `serde`: the serialized statistics, and the functions `snapshot` and `restore`.

#![expect(clippy::await_holding_lock, reason = "each test has a runtime of its own, with one thread")]

mod python;
mod stats;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Keeps the tests of this binary apart that restore a snapshot, because a restoration drops the states that wait.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
