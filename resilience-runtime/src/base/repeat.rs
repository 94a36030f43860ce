//! Sets a thread-local variable while the thread polls a second or later attempt of a call. A circuit that counts only
//! the failures of first attempts reads this variable.

use std::cell::Cell;

thread_local! {
    /// Whether this thread is polling a second or later attempt of a retry or a hedge.
    static IS_REPEAT: Cell<bool> = const { Cell::new(false) };
}

/// A guard that exists during one poll of an attempt. If the attempt is a second or later attempt, `IS_REPEAT` is true
/// during this poll. A task that the attempt spawns is not polled during this poll, so `IS_REPEAT` is false for the
/// task.
#[derive(Debug)]
pub(crate) struct Repeat {
    /// The value of `IS_REPEAT` before this poll. The value is true if an outer retry or hedge is making a second or
    /// later attempt.
    was: bool,
}

impl Repeat {
    /// Sets `IS_REPEAT` if `is_repeat` is true. If `is_repeat` is false, `IS_REPEAT` keeps its value, because an outer
    /// retry or hedge may have set `IS_REPEAT`.
    #[inline]
    pub(crate) fn mark(is_repeat: bool) -> Self {
        let was = IS_REPEAT.get();
        IS_REPEAT.set(was | is_repeat);
        Self { was }
    }

    pub(crate) fn is_running() -> bool {
        IS_REPEAT.get()
    }
}

/// Restores the previous value of `IS_REPEAT` at the end of the poll, even if the attempt panics.
impl Drop for Repeat {
    #[inline]
    fn drop(&mut self) {
        IS_REPEAT.set(self.was);
    }
}
