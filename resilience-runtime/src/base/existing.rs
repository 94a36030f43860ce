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

    static LAST: Cell<LastError> = const { Cell::new(LastError::none(0)) };
}

/// The error that the last poll of a [`Noted`](crate::base::noted::Noted) future on this thread returned. After this
/// poll, an attribute of the function may reject the call. The error is then the rejection.
///
/// From the lowest bit on, the four parts of 16 bits are:
///
/// - the kind of the error, or `Other` if the future is still pending, for example because a timeout ended the call
/// - the counter of errors of this kind, including this error
/// - the number of messages from circuits to retries before the poll
/// - zero
///
/// A struct with three fields would contain padding, and the processor would copy each field separately.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastError(u64);

impl LastError {
    const MARKS: u32 = 16;
    const MESSAGES: u32 = 32;

    const fn none(messages: u16) -> Self {
        Self::new(Note::Other, 0, messages)
    }

    const fn new(kind: Note, marks: u16, messages: u16) -> Self {
        Self(kind as u64 | (marks as u64) << Self::MARKS | (messages as u64) << Self::MESSAGES)
    }

    #[inline]
    pub(crate) fn get() -> Self {
        LAST.get()
    }

    #[inline]
    pub(crate) fn set(self) {
        LAST.set(self);
    }

    pub(crate) fn kind(self) -> Note {
        let is_kind = |kind: &Note| *kind as u64 == self.0 & u64::from(u16::MAX);
        Note::ERRORS.into_iter().find(is_kind).unwrap_or(Note::Other)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the number has 16 bits")]
    const fn marks(self) -> u16 {
        (self.0 >> Self::MARKS) as u16
    }

    #[expect(clippy::cast_possible_truncation, reason = "the number has 16 bits")]
    #[inline]
    pub(crate) const fn messages(self) -> u16 {
        (self.0 >> Self::MESSAGES) as u16
    }

    /// Removes the last error.
    #[inline]
    pub(crate) fn remove(messages: u16) {
        Self::none(messages).set();
    }

    /// Changes the number of messages only.
    #[inline]
    pub(crate) fn set_messages(messages: u16) {
        Self(Self::get().0 & u64::from(u32::MAX) | u64::from(messages) << Self::MESSAGES).set();
    }

    /// Replaces the last error by an error of this kind, which exists now.
    pub(crate) fn set_kind(kind: Note, messages: u16) {
        match kind {
            Note::Other => Self::remove(messages),
            kind => Self::new(kind, Existing::now().count(kind), messages).set(),
        }
    }

    /// Replaces the last error by the error of a call that a layer rejects. A layer calls this function before it
    /// creates the error. The constructor of the error cannot call this function, because the additional code would
    /// slow down the success of a call.
    #[inline]
    pub(crate) fn reject(kind: Note) {
        Self::new(kind, Existing::now().count(kind).wrapping_add(1), Self::get().messages()).set();
    }

    /// Returns the counters without this error, if the error still existed when the copy `before` was taken. A `From`
    /// implementation of the user may have dropped the error since its creation.
    fn left_out_of(self, mut before: Existing) -> Existing {
        let kind = self.kind();
        if kind != Note::Other && !is_more(self.marks(), before.count(kind)) {
            let count = &mut before.0[kind.index()];
            *count = count.wrapping_sub(1);
        }
        before
    }
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

/// A copy of the values of this thread that describe existing errors.
#[derive(Debug)]
pub(crate) struct Errors {
    existing: Existing,
    not_started: Note,
    last: LastError,
}

impl Errors {
    #[inline]
    pub(crate) fn now() -> Self {
        Self { existing: Existing::now(), not_started: NOT_STARTED.get(), last: LastError::get() }
    }

    /// Sets the values of this thread back to this copy, including the number of messages.
    #[inline]
    pub(crate) fn restore(&self) {
        of_thread(|thread| thread.errors.set(self.existing.0));
        NOT_STARTED.set(self.not_started);
        self.last.set();
    }
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
    /// All kinds except `Other`.
    const ERRORS: [Self; 5] = [Self::Circuit, Self::Limit, Self::AboveBurst, Self::TooLate, Self::Deadline];

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

    /// Works like [`note`](Self::note), if the code since this copy consumed the error `replaced`, and returned another
    /// error or the same error.
    pub(crate) fn note_instead_of(self, replaced: LastError) -> Note {
        replaced.left_out_of(self).note()
    }

    /// Returns the counter of errors of this kind.
    const fn count(self, note: Note) -> u16 {
        self.0[note.index()]
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
