//! Sets a thread-local variable while the thread polls a second or later attempt of a call. A circuit that counts only
//! the failures of first attempts reads this variable.

use std::cell::Cell;

thread_local! {
    /// Two flags of this thread. The bit [`REPEAT`] is set while the thread polls a second or later attempt of a retry
    /// or a hedge. The bit [`HEDGED`] is set while the thread polls a second or later attempt of a hedge.
    static IS_REPEAT: Cell<u8> = const { Cell::new(0) };
}

const REPEAT: u8 = 1;
const HEDGED: u8 = 2;

/// A guard that exists during one poll of an attempt. If the attempt is a second or later attempt, the bit [`REPEAT`]
/// of `IS_REPEAT` is set during this poll. A task that the attempt spawns is not polled during this poll, so the bit is
/// not set for the task.
#[derive(Debug)]
pub(crate) struct Repeat {
    /// The value of `IS_REPEAT` before this poll. The value is not zero if an outer retry or hedge is making a second
    /// or later attempt.
    was: u8,
}

impl Repeat {
    /// Marks the poll of an attempt of a retry. If `is_repeat` is false, `IS_REPEAT` keeps its value, because an outer
    /// retry or hedge may have set `IS_REPEAT`.
    #[inline]
    pub(crate) fn mark(is_repeat: bool) -> Self {
        let was = IS_REPEAT.get();
        IS_REPEAT.set(was | u8::from(is_repeat));
        Self { was }
    }

    /// Marks the poll of an attempt of a hedge.
    #[inline]
    pub(crate) fn mark_hedged(is_repeat: bool) -> Self {
        let was = IS_REPEAT.get();
        IS_REPEAT.set(was | if is_repeat { REPEAT | HEDGED } else { 0 });
        Self { was }
    }

    /// Sets the bit [`REPEAT`] to `is_repeat`, and clears the bit [`HEDGED`], while a circuit decides whether to admit
    /// a call. Overwrites the bits that an outer retry or hedge has set.
    pub(crate) fn mark_only(is_repeat: bool) -> Self {
        Self { was: IS_REPEAT.replace(u8::from(is_repeat)) }
    }

    pub(crate) fn is_running() -> bool {
        IS_REPEAT.get() != 0
    }

    pub(crate) fn is_hedged() -> bool {
        IS_REPEAT.get() & HEDGED != 0
    }
}

/// Restores the previous value of `IS_REPEAT` at the end of the poll, even if the attempt panics.
impl Drop for Repeat {
    #[inline]
    fn drop(&mut self) {
        IS_REPEAT.set(self.was);
    }
}
