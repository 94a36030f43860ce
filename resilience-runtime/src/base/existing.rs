//! Counts, on each thread, the errors of rejected calls and of expired deadlines that exist now. Also counts the
//! messages from circuits to retries. A message states for how long a circuit will reject calls.
//!
//! Each thread has four counters, in the field [`OfThread::errors`]. The first three counters belong to kinds of errors
//! (see [`Note::index`]). Creating an error adds one to the counter of its kind. Dropping the error subtracts one. The
//! fourth counter counts the messages ([`StillOpen`](crate::base::still_open::StillOpen)) from circuits to retries.
//! Each counter wraps at 2^16. The four counters have 64 bits together, so that one load reads all four counters.

use std::cell::Cell;

use crate::base::of_thread::{OfThread, of_thread};

thread_local! {
    /// The kind of the newest error whose kind is `Limit`, `AboveBurst` or `TooLate`. These kinds share one counter,
    /// because [`OfThread::errors`] has no space for a fifth counter.
    static NOT_STARTED: Cell<Note> = const { Cell::new(Note::Limit) };
}

/// The index in [`OfThread::errors`] of the counter of messages from circuits to retries.
const MESSAGES: usize = 3;

#[inline]
fn count(index: usize, change: u16) -> u16 {
    of_thread(|OfThread { errors: cell, .. }| {
        let mut errors = cell.get();
        errors[index] = errors[index].wrapping_add(change);
        cell.set(errors);
        errors[index]
    })
}

#[inline]
pub(crate) fn count_created(note: Note) {
    if note.index() == Note::Limit.index() {
        NOT_STARTED.set(note);
    }
    count(note.index(), 1);
}

#[inline]
pub(crate) fn count_dropped(note: Note) {
    count(note.index(), u16::MAX);
}

/// Counts a new message from a circuit to a retry, and returns the number of this message.
pub(crate) fn count_message() -> u16 {
    count(MESSAGES, 1)
}

/// The kind of an error: a rejection, an expired deadline, or any other error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// The error of a call that a circuit rejected.
    Circuit,
    /// The error of a call that a bulkhead or a rate limit rejected.
    Limit,
    /// The error of a call that a rate limit will never admit, because the call takes more tokens than the burst.
    AboveBurst,
    /// The error of a call that did not start, because the caller's [`deadline`](crate::deadline()) had passed.
    TooLate,
    /// The error of a call that the caller's deadline ended.
    Deadline,
    /// Any other error, or no error.
    Other,
}

impl Note {
    /// Returns the index, in [`OfThread::errors`], of the counter for errors of this kind.
    const fn index(self) -> usize {
        match self {
            Self::Circuit => 0,
            Self::Limit | Self::AboveBurst | Self::TooLate => 1,
            // No code uses the index of `Other`, because errors of this kind are never counted.
            Self::Deadline | Self::Other => 2,
        }
    }
}

/// A copy of the four counters in [`OfThread::errors`], taken before the poll of a function's body.
///
/// The error type of the function may hide the kind of an error. The method `note` therefore compares the counters
/// before and after the poll. Suppose that the counter of one kind has grown, and that the sum of all counters of
/// errors has grown. The poll then created an error of this kind, and the error still exists. `note` then assumes that
/// the body has returned this error. The assumption is wrong if the body has stored this error and returned a different
/// error.
///
/// Only the difference between two copies has a meaning, because an error may be created on one thread and dropped on
/// another thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Existing([u16; 4]);

impl Existing {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(of_thread(|thread| thread.errors.get()))
    }

    /// Returns the kind of error whose counter in [`OfThread::errors`] has grown since this copy was taken. Returns `Other` if
    /// the sum of the counters of errors has not grown.
    #[inline]
    pub(crate) fn note(self) -> Note {
        let now = Self::now();
        // Compares all four counters at once, because nearly every poll leaves all four counters unchanged.
        if now == self {
            return Note::Other;
        }
        self.kind(now)
    }

    /// Works like [`note`](Self::note), if the counters have changed. `now` is a copy of the current counters.
    #[cold]
    #[inline(never)]
    fn kind(self, now: Self) -> Note {
        // During the poll, the body may drop a stored error and store an error of another kind in its place. The sum of
        // the counters is then unchanged. The error that the body returned is then probably a different error, which is
        // not counted.
        if !is_more(now.errors(), self.errors()) {
            return Note::Other;
        }
        let grew = |note: &Note| is_more(now.0[note.index()], self.0[note.index()]);
        [Note::Circuit, NOT_STARTED.get(), Note::Deadline].into_iter().find(grew).unwrap_or(Note::Other)
    }

    /// Returns whether an error of the kind `note` was dropped since this copy was taken.
    pub(crate) fn has_lost(self, note: Note) -> bool {
        note != Note::Other && is_more(self.0[note.index()], Self::now().0[note.index()])
    }

    /// Returns the number of existing errors of all kinds.
    fn errors(self) -> u16 {
        self.0[..MESSAGES].iter().copied().fold(0, u16::wrapping_add)
    }

    /// Returns the number of messages that circuits had left for retries when this copy was taken.
    #[inline]
    pub(crate) fn messages(self) -> u16 {
        self.0[MESSAGES]
    }
}

#[expect(clippy::cast_possible_wrap, reason = "the difference of two wrapping counts has a sign")]
fn is_more(now: u16, before: u16) -> bool {
    now.wrapping_sub(before) as i16 > 0
}
