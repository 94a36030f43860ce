//! Counts the existing errors of rejected calls and of expired deadlines on each thread. Also counts the messages in
//! which circuits tell retries for how long the circuits will reject calls.

use std::cell::Cell;

thread_local! {
    /// Four numbers of this thread. The first three numbers belong to three kinds of errors, the first three variants
    /// of [`Note`]. Each of these numbers is the number of errors that this thread created, minus the number of errors
    /// that this thread dropped. The fourth number counts the messages
    /// ([`StillOpen`](crate::base::still_open::StillOpen)) in which circuits tell retries for how long the circuits
    /// will reject calls. Each number wraps at 2^16.
    ///
    /// The four numbers have 64 bits together, so that one load reads all four numbers.
    static ERRORS: Cell<[u16; 4]> = const { Cell::new([0; 4]) };
}

/// The index in [`ERRORS`] of the number of messages from circuits to retries.
const MESSAGES: usize = 3;

#[inline]
fn count(index: usize, change: u16) {
    let mut errors = ERRORS.get();
    errors[index] = errors[index].wrapping_add(change);
    ERRORS.set(errors);
}

#[inline]
pub(crate) fn count_created(note: Note) {
    count(note as usize, 1);
}

#[inline]
pub(crate) fn count_dropped(note: Note) {
    count(note as usize, u16::MAX);
}

pub(crate) fn count_message() {
    count(MESSAGES, 1);
}

/// The kind of an error: a rejection, an expired deadline, or any other error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// The error of a call that a circuit rejected.
    Circuit,
    /// The error of a call that did not start. A bulkhead or a rate limit rejected the call, or the caller's deadline
    /// had passed.
    Limit,
    /// The error of a call that the caller's deadline ended.
    Deadline,
    /// Any other error. A call without an error also has the kind `Other`.
    Other,
}

/// A copy of the four numbers in [`ERRORS`], read before the poll of a function's body. Three of the numbers count
/// errors, and each of these three numbers counts the errors of one kind (one [`Note`]).
///
/// The error type of the function may hide the kind of an error. If the number of a kind is greater after the poll than
/// before the poll, an error of this kind was created during the poll and still exists. The method `note` then assumes
/// that the body has returned the new error. The assumption is wrong if the body has kept the new error and returned a
/// different error. Only the difference between two copies of a number has a meaning. A number itself has no meaning,
/// because an error may be created on one thread and dropped on another thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Existing([u16; 4]);

impl Existing {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(ERRORS.get())
    }

    /// Returns the kind of error whose number in [`ERRORS`] is now greater than in `self`.
    #[inline]
    pub(crate) fn note(self) -> Note {
        let now = Self::now();
        // Compares all four numbers at once, because nearly every poll changes none of the four numbers.
        if now == self {
            return Note::Other;
        }
        let grew = |note: &Note| is_more(now.0[*note as usize], self.0[*note as usize]);
        [Note::Circuit, Note::Limit, Note::Deadline].into_iter().find(grew).unwrap_or(Note::Other)
    }

    /// Returns whether a circuit has left a message for a retry since `self` was read.
    #[inline]
    pub(crate) fn has_message(self) -> bool {
        Self::now().0[MESSAGES] != self.0[MESSAGES]
    }
}

#[expect(clippy::cast_possible_wrap, reason = "the difference of two wrapping counts has a sign")]
fn is_more(now: u16, before: u16) -> bool {
    now.wrapping_sub(before) as i16 > 0
}
