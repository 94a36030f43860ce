//! Counts two things on each thread: the errors of this library that exist in memory, and the messages from circuits to
//! retries. Only the errors of rejected calls and of expired deadlines are counted. An error exists from its creation
//! until it is dropped. With a message, a circuit announces to retries for how long the circuit will reject calls.
//!
//! Each thread has four counters, in the field [`OfThread::errors`]. The first three counters count existing errors: of
//! calls that a circuit rejected, of other calls that did not start, and of calls that a deadline ended. Creating an
//! error adds one, and dropping the error subtracts one. The fourth counter counts the messages
//! ([`StillOpen`](crate::base::still_open::StillOpen)) from circuits to retries. Each counter wraps at 2^16. One load
//! reads all four counters, because together they have 64 bits.

use std::cell::Cell;

use crate::base::of_thread::{OfThread, of_thread};

thread_local! {
    /// The kind of the newest error on this thread among the three kinds `Limit`, `AboveBurst` and `TooLate`. These
    /// kinds of error share one counter, because [`OfThread::errors`] has only three counters for errors.
    static NOT_STARTED: Cell<Note> = const { Cell::new(Note::Limit) };
}

/// Describes the last error that the body of a function, a stream or a fallback returned on this thread. If a layer has
/// rejected a call since then, describes the error of this rejected call.
///
/// The four numbers in the array are:
///
/// - the kind of the error, as the number of a [`Note`]: `Other` if the last poll returned no error
/// - the value of this thread's counter of existing errors of this kind, including this error
/// - the number of waits that circuits had announced to retries on this thread before the last poll of the body
/// - zero, which extends the array to 64 bits
///
/// The array replaces a struct with three fields. This struct would contain padding, and the processor would copy each
/// field separately.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastError([u16; 4]);

impl LastError {
    const fn new(kind: Note, count: u16, messages: u16) -> Self {
        Self([kind as u16, count, messages, 0])
    }

    #[inline]
    pub(crate) fn get() -> Self {
        Self(of_thread(|thread| thread.last_error.get()))
    }

    #[inline]
    pub(crate) fn set(self) {
        of_thread(|thread| thread.last_error.set(self.0));
    }

    pub(crate) fn kind(self) -> Note {
        let is_kind = |kind: &Note| *kind as u16 == self.0[0];
        Note::ERRORS.into_iter().find(is_kind).unwrap_or(Note::Other)
    }

    const fn count(self) -> u16 {
        self.0[1]
    }

    #[inline]
    pub(crate) const fn messages(self) -> u16 {
        self.0[2]
    }

    /// Removes the last error. Stores `messages`, the number of waits that circuits had announced to retries before the
    /// last poll of the body.
    #[inline]
    pub(crate) fn remove(messages: u16) {
        Self::new(Note::Other, 0, messages).set();
    }

    /// Keeps the last error. Stores `messages`, the number of waits that circuits had announced to retries before the
    /// last poll of the body.
    #[inline]
    pub(crate) fn set_messages(messages: u16) {
        let [kind, count, ..] = Self::get().0;
        Self([kind, count, messages, 0]).set();
    }

    /// Replaces the last error by an error of the kind `kind`. This thread's counter of existing errors of this kind
    /// already includes the error.
    pub(crate) fn set_kind(kind: Note, messages: u16) {
        match kind {
            Note::Other => Self::remove(messages),
            kind => Self::new(kind, Existing::now().count(kind), messages).set(),
        }
    }

    /// Replaces the last error. A layer calls this function when it rejects a call, or when the caller's deadline ends
    /// a call, before the layer creates the error. The constructor of the error does not call this function, because
    /// the additional code would slow down successful calls.
    #[inline]
    pub(crate) fn reject(kind: Note) {
        of_thread(|OfThread { errors, last_error, .. }| {
            let count = Existing(errors.get()).count(kind).wrapping_add(1);
            let last_error: &Cell<[u16]> = last_error;
            // Stores only the first two of the four numbers, because storing all four numbers would take twice the
            // instructions.
            for (cell, number) in last_error.as_slice_of_cells().iter().zip([kind as u16, count]) {
                cell.set(number);
            }
        });
    }

    /// Subtracts this error from `before`, an earlier copy of this thread's counters of existing errors, and returns
    /// the copy. If the error no longer existed when the copy was taken, returns the copy unchanged. For example, a
    /// `From` implementation of the user may have dropped the error before the copy was taken.
    fn left_out_of(self, mut before: Existing) -> Existing {
        let kind = self.kind();
        if kind != Note::Other && !is_more(self.count(), before.count(kind)) {
            let count = &mut before.0[kind.index()];
            *count = count.wrapping_sub(1);
        }
        before
    }
}

/// The index, in [`OfThread::errors`], of the counter for the waits that circuits announce to retries.
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

/// Counts a message, with which a circuit announces to retries for how long the circuit will reject calls. Returns the
/// number of this message among the messages of this thread.
pub(crate) fn count_message() -> u16 {
    count(MESSAGES, 1)
}

/// A copy of the values that describe the existing errors on this thread.
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

    /// Sets the values of this thread back to this copy. The copy includes the number of waits that circuits have
    /// announced to retries.
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
    /// Any other error, or no error. The number of this variant is zero, because [`OfThread::last_error`] initially
    /// contains zeros.
    Other,
    /// The error of a call that a circuit rejected.
    Circuit,
    /// The error of a call that a bulkhead or a rate limit rejected.
    Limit,
    /// The error of a call that a rate limit will never admit, because the call takes more tokens than the limit's
    /// `burst`.
    AboveBurst,
    /// The error of a call that did not start, because the caller's [`deadline`](crate::deadline()) had passed, or
    /// because its timeout was zero.
    TooLate,
    /// The error of a call that the caller's deadline ended.
    Deadline,
}

impl Note {
    /// All kinds of error except `Other`.
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

/// A copy of a thread's four counters. Three counters count the existing errors of rejected calls and of expired
/// deadlines. The fourth counter counts the waits that circuits have announced to retries.
///
/// The error type of a function may hide whether an error stems from a rejected call or from a deadline. A layer
/// therefore takes a copy of the counters before each poll of the function's body. After the poll, [`note`](Self::note)
/// compares this copy with the current counters. If the sum of the three counters of errors has grown, the poll created
/// an error that still exists. The counter that has grown shows the kind of this error, such as a rejection by a
/// circuit. `note` assumes that the body returned this error. The assumption is wrong if the body stored this error and
/// returned a different error.
///
/// One copy alone has no meaning, because an error may be created on one thread and dropped on another. Only the
/// difference between two copies from one thread is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Existing([u16; 4]);

impl Existing {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(of_thread(|thread| thread.errors.get()))
    }

    /// Returns the kind of error, such as a rejection by a circuit, whose counter has grown since this copy was taken.
    /// Returns `Other` if the sum of the three counters of errors has not grown.
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
        // kind. The sum of the three counters of errors is then unchanged, and the returned error is probably of the
        // kind `Other`.
        if !is_more(now.errors(), self.errors()) {
            return Note::Other;
        }
        let grew = |note: &Note| is_more(now.0[note.index()], self.0[note.index()]);
        [Note::Circuit, NOT_STARTED.get(), Note::Deadline].into_iter().find(grew).unwrap_or(Note::Other)
    }

    /// Works like [`note`](Self::note), for the case that a function of the user has received the error `replaced`
    /// since this copy was taken. The user's function may have returned the same error or another error.
    pub(crate) fn note_instead_of(self, replaced: LastError) -> Note {
        replaced.left_out_of(self).note()
    }

    /// Returns the counter of existing errors of the kind `note`.
    const fn count(self, note: Note) -> u16 {
        self.0[note.index()]
    }

    /// Returns the number of existing errors of all kinds.
    fn errors(self) -> u16 {
        self.0[..MESSAGES].iter().copied().fold(0, u16::wrapping_add)
    }

    /// Returns the changes of the four counters since this copy was taken.
    pub(crate) fn changes(self) -> Self {
        Self::now().minus(self)
    }

    /// Subtracts `changes` from the counters of this copy.
    pub(crate) fn minus(mut self, changes: Self) -> Self {
        for (count, change) in self.0.iter_mut().zip(changes.0) {
            *count = count.wrapping_sub(change);
        }
        self
    }

    /// Returns the number of waits that circuits had announced to retries on this thread when this copy was taken.
    #[inline]
    pub(crate) fn messages(self) -> u16 {
        self.0[MESSAGES]
    }
}

#[expect(clippy::cast_possible_wrap, reason = "the difference of two wrapping counts has a sign")]
fn is_more(now: u16, before: u16) -> bool {
    now.wrapping_sub(before) as i16 > 0
}
