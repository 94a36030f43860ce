//! Sets a thread-local flag while the thread polls a second or later attempt of a call. A circuit with `count =
//! "requests"` reads this flag, because the circuit does not count the failures of these attempts.

use crate::base::of_thread::of_thread;

/// The bit of [`OfThread::repeat`](crate::base::of_thread::OfThread::repeat) that is set while the thread polls a
/// second or later attempt of a retry or hedge.
const REPEAT: u8 = 1;
/// The bit of `OfThread::repeat` that is set while the thread polls a second or later attempt of a hedge.
const HEDGED: u8 = 2;

/// A guard that exists during one poll of an attempt. If the attempt is not the first, the guard sets the bit
/// [`REPEAT`] of `OfThread::repeat`. The bit is not set for a task that the attempt spawns, because the task is not
/// polled during this poll.
#[derive(Debug)]
pub(crate) struct Repeat {
    /// The value of `OfThread::repeat` before this poll. An outer retry or hedge may have set bits of this value.
    was: u8,
}

impl Repeat {
    /// Marks the poll of an attempt of a retry: sets the bit [`REPEAT`] if `is_repeat` is true. Never clears a bit,
    /// because an outer retry or hedge may have set the bit.
    #[inline]
    pub(crate) fn mark(is_repeat: bool) -> Self {
        Self::set(|was| was | u8::from(is_repeat))
    }

    /// Marks the poll of an attempt of a hedge: sets both bits if `is_repeat` is true.
    #[inline]
    pub(crate) fn mark_hedged(is_repeat: bool) -> Self {
        Self::set(|was| was | if is_repeat { REPEAT | HEDGED } else { 0 })
    }

    /// Sets the bit [`REPEAT`] to `is_repeat`, and clears the bit [`HEDGED`], while a circuit decides whether to admit
    /// a call. Ignores the bits of an outer retry or hedge.
    pub(crate) fn mark_only(is_repeat: bool) -> Self {
        Self::set(|_| u8::from(is_repeat))
    }

    /// Replaces the flags of this thread until the returned guard is dropped.
    #[inline]
    fn set(flags: impl FnOnce(u8) -> u8) -> Self {
        of_thread(|thread| {
            let was = thread.repeat.get();
            thread.repeat.set(flags(was));
            Self { was }
        })
    }

    fn flags() -> u8 {
        of_thread(|thread| thread.repeat.get())
    }

    pub(crate) fn is_running() -> bool {
        Self::flags() != 0
    }

    pub(crate) fn is_hedged() -> bool {
        Self::flags() & HEDGED != 0
    }
}

/// Restores the previous value of `OfThread::repeat` at the end of the poll, even if the attempt panics.
impl Drop for Repeat {
    #[inline]
    fn drop(&mut self) {
        of_thread(|thread| thread.repeat.set(self.was));
    }
}
