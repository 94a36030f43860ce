//! Contains the thread-local values that most calls read.
//!
//! The values share one thread-local variable, because a call must compute the address of each thread-local variable.
//! With a separate variable for each value, a call would take up to 16 more instructions.

use std::cell::Cell;

use crate::base::clock::Tick;

/// The values of a thread. The comment of each field names the module that uses the field.
pub(crate) struct OfThread {
    /// The counters of this library's existing errors, and of the waits that circuits announce to retries, for the
    /// module [`existing`](crate::base::existing).
    pub(crate) errors: Cell<[u16; 4]>,
    /// The description of the last error that a body returned, for the module [`existing`](crate::base::existing).
    pub(crate) last_error: Cell<[u16; 4]>,
    /// The flags that are set while the thread polls a second or later attempt of a retry or hedge, for the module
    /// [`repeat`](crate::base::repeat).
    pub(crate) repeat: Cell<u8>,
    /// The number of retries that calls have made on this thread, without the retries of successful calls, for the
    /// module [`nested`](crate::retry::nested).
    pub(crate) retries: Cell<i32>,
    /// The number of trial calls (calls of half-open circuits) whose bodies the thread is polling, for the module
    /// [`running`](crate::circuit::core::running).
    pub(crate) trials: Cell<usize>,
    /// The deadline of the future that the thread is polling, for the module
    /// [`deadline`](mod@crate::timeout::deadline).
    pub(crate) deadline: Cell<Option<Tick>>,
}

thread_local! {
    static OF_THREAD: OfThread = const {
        OfThread {
            errors: Cell::new([0; 4]),
            last_error: Cell::new([0; 4]),
            repeat: Cell::new(0),
            retries: Cell::new(0),
            trials: Cell::new(0),
            deadline: Cell::new(None),
        }
    };
}

/// Calls `f` with the values of the current thread.
#[inline]
pub(crate) fn of_thread<T>(f: impl FnOnce(&OfThread) -> T) -> T {
    OF_THREAD.with(f)
}
