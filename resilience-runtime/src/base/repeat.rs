//! Marks a thread while the thread polls a second or later attempt of a call. A circuit that counts only the failures
//! of first attempts reads this mark.

use std::cell::Cell;

thread_local! {
    /// The mark: whether this thread is polling a second or later attempt of a retry or a hedge.
    static IS_REPEAT: Cell<bool> = const { Cell::new(false) };
}

/// A guard that exists during one poll of an attempt. If the attempt is a second or later attempt, the thread has the
/// mark `IS_REPEAT` during this poll. A task that the attempt spawns is polled outside this poll, and therefore without
/// the mark.
#[derive(Debug)]
pub(crate) struct Repeat {
    /// The value of the mark `IS_REPEAT` before this poll. The value is true if an outer retry or hedge is making a
    /// second or later attempt.
    was: bool,
}

impl Repeat {
    /// Sets the mark `IS_REPEAT` of this thread if `is_repeat` is true. If `is_repeat` is false, the mark keeps its
    /// value, because an outer retry or hedge may have set the mark.
    #[inline]
    pub(crate) fn mark(is_repeat: bool) -> Self {
        let was = IS_REPEAT.get();
        IS_REPEAT.set(was | is_repeat);
        Self { was }
    }

    /// Returns whether this thread is polling a second or later attempt.
    pub(crate) fn is_running() -> bool {
        IS_REPEAT.get()
    }
}

/// Restores the previous value of the mark `IS_REPEAT` at the end of the poll, even if the attempt panics.
impl Drop for Repeat {
    #[inline]
    fn drop(&mut self) {
        IS_REPEAT.set(self.was);
    }
}
