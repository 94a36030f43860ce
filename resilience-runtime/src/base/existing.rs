//! Counts two things on each thread: existing errors, and messages from circuits to retries. An error exists from its
//! creation until it is dropped. Only the errors of rejected calls and of expired deadlines are counted. A message
//! states for how long a circuit will reject calls.
//!
//! Each thread has four counters, in the field [`OfThread::errors`]. The first three counters count existing errors.
//! [`Note::index`] selects the counter for each kind of error. Creating an error adds one, and dropping the error
//! subtracts one. The fourth counter counts the messages ([`StillOpen`](crate::base::still_open::StillOpen)) from
//! circuits to retries. Each counter wraps at 2^16. One load reads all four counters, because together they have 64
//! bits.

use std::cell::Cell;

use crate::base::of_thread::{OfThread, of_thread};

thread_local! {
    /// The kind of this thread's newest error that is a `Limit`, an `AboveBurst` or a `TooLate`. These kinds share one
    /// counter, because [`OfThread::errors`] has only three counters for errors.
    static NOT_STARTED: Cell<Note> = const { Cell::new(Note::Limit) };
}

/// The index, in [`OfThread::errors`], of the counter for messages.
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
            // The index of `Other` does not matter, because errors of this kind are never counted.
            Self::Deadline | Self::Other => 2,
        }
    }
}

/// A copy of the four counters in [`OfThread::errors`].
///
/// The error type of a function may hide the kind of an error. A layer therefore takes a copy before each poll of the
/// function's body. After the poll, [`note`](Self::note) compares this copy with the current counters. If the sum of
/// the error counters has grown, the poll created an error that still exists. The counter that has grown shows the kind
/// of this error. `note` assumes that the body returned this error. The assumption is wrong if the body stored this
/// error and returned a different error.
///
/// One copy alone has no meaning, because an error may be created on one thread and dropped on another. Only the
/// difference between two copies is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Existing([u16; 4]);

impl Existing {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(of_thread(|thread| thread.errors.get()))
    }

    /// Returns the kind of error whose counter in [`OfThread::errors`] has grown since this copy was taken. Returns
    /// `Other` if the sum of the error counters has not grown.
    #[inline]
    pub(crate) fn note(self) -> Note {
        let now = Self::now();
        // Compares all four counters at once, because nearly every poll leaves all four counters unchanged.
        if now == self {
            return Note::Other;
        }
        self.kind(now)
    }

    /// Does the work of [`note`](Self::note) if the counters have changed. `now` is a copy of the current counters.
    #[cold]
    #[inline(never)]
    fn kind(self, now: Self) -> Note {
        // The body may have dropped an error that it had stored earlier, and may have stored a new error of another
        // kind. The sum of the counters is then unchanged, and the returned error is probably of the kind `Other`.
        if !is_more(now.errors(), self.errors()) {
            return Note::Other;
        }
        let grew = |note: &Note| is_more(now.0[note.index()], self.0[note.index()]);
        [Note::Circuit, NOT_STARTED.get(), Note::Deadline].into_iter().find(grew).unwrap_or(Note::Other)
    }

    /// Returns whether the number of existing errors of the kind `note` has decreased since this copy was taken.
    pub(crate) fn has_lost(self, note: Note) -> bool {
        note != Note::Other && is_more(self.0[note.index()], Self::now().0[note.index()])
    }

    /// Returns the number of existing errors of all kinds.
    fn errors(self) -> u16 {
        self.0[..MESSAGES].iter().copied().fold(0, u16::wrapping_add)
    }

    /// Returns the number of messages from circuits to retries when this copy was taken.
    #[inline]
    pub(crate) fn messages(self) -> u16 {
        self.0[MESSAGES]
    }
}

#[expect(clippy::cast_possible_wrap, reason = "the difference of two wrapping counts has a sign")]
fn is_more(now: u16, before: u16) -> bool {
    now.wrapping_sub(before) as i16 > 0
}
