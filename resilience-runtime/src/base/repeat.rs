//! Marks the polls of second and later attempts, for circuits that count only first attempts.

use std::cell::Cell;

thread_local! {
    /// Whether this thread polls a second or later attempt of a retry or a hedge.
    static IS_REPEAT: Cell<bool> = const { Cell::new(false) };
}

/// Marks the current thread during one poll of an attempt. Spawned tasks therefore have no mark.
#[derive(Debug)]
pub(crate) struct Repeat {
    /// Whether the thread had a mark before: an attempt may be inside a repeated attempt of an outer retry.
    was: bool,
}

impl Repeat {
    /// Sets the mark if the attempt is a repeat. The mark of an outer attempt stays.
    #[inline]
    pub(crate) fn mark(is_repeat: bool) -> Self {
        let was = IS_REPEAT.get();
        IS_REPEAT.set(was | is_repeat);
        Self { was }
    }

    /// Returns whether this thread polls a repeated attempt.
    pub(crate) fn is_running() -> bool {
        IS_REPEAT.get()
    }
}

/// Restores the mark of the outer attempt, also if the attempt panicked.
impl Drop for Repeat {
    #[inline]
    fn drop(&mut self) {
        IS_REPEAT.set(self.was);
    }
}
