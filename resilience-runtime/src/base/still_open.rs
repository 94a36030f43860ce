//! Passes messages from circuits to the retry around these circuits. A message states for how long a circuit will
//! reject calls.
//!
//! If a circuit would still reject calls after the pause of a retry, the retry makes no further attempt. The messages
//! are thread-local, so the retry needs neither the type of the error nor a list of the called circuits.

use std::cell::Cell;
use std::time::Duration;

use crate::base::clock::{Tick, nanos, whole_steps};
use crate::base::existing::{Existing, count_message};

/// The number of messages that each thread keeps. With a message, a circuit announces to retries for how long the
/// circuit will reject calls. One message is not enough. A retry ignores messages from circuits that are attributes of
/// the retried function, and then needs an older message.
const KEPT: u16 = 4;

/// A number that replaces the address of the circuit in a message from a circuit to retries, and thereby makes the
/// message void. Retries ignore void messages. No circuit has this address.
const VOID: usize = 0;

/// The time that a circuit announces to retries if the circuit will reject calls until a reset.
pub(crate) const FOREVER: u64 = u64::MAX - 7;

thread_local! {
    /// The newest messages from circuits to retries on this thread. The messages are numbered, and the index of a
    /// message is its number modulo [`KEPT`]. A message consists of the address of a circuit, and the bits of the
    /// [`Tick`] at which this circuit may admit a call. The message contains a point in time, because the body may run
    /// for long after the message. The lowest three bits of a tick are zero. Here, they contain the reason of the
    /// message, as the number of a [`Reason`].
    static NEWEST: [Cell<(usize, u64)>; KEPT as usize] = const { [const { Cell::new((VOID, 0)) }; KEPT as usize] };

    /// The newest messages that circuits left when they recorded a failure. An entry consists of the address of the
    /// circuit and the number of the message. The list exists because a later rejection by the same circuit must not
    /// hide the failure. Only failures change the list, so that a rejection pays nothing for it.
    ///
    /// The numbers of messages wrap at 2^16. An entry that is 65,536 messages old therefore looks like a new one. A
    /// retry can then take a circuit that only rejected a call for a circuit that recorded a failure.
    static FAILURES: [Cell<(usize, u16)>; KEPT as usize] = const { [const { Cell::new((VOID, 0)) }; KEPT as usize] };
}

/// The reason why a circuit left a message for retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The circuit is open after a failure.
    Failure,
    /// The circuit rejected a call.
    Rejection,
    /// The circuit is open after the failure of a hung call. The call was dropped between two polls.
    Drop,
}

/// The content of a message from a circuit to retries: for how long the circuit will reject calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StillOpen {
    wait: u64,
    /// True if the circuit recorded a failure since the message from which the retry began to search, and was open
    /// after this failure. False if the circuit only rejected calls.
    pub(crate) has_failed: bool,
}

impl StillOpen {
    /// Stores a message from a circuit that rejects a call to the retries on this thread. `circuit` is the address of
    /// the circuit. `until` contains the bits of the tick at which the circuit may admit a call.
    pub(crate) fn leave(circuit: usize, until: u64) {
        Self::store(circuit, until, Reason::Rejection);
    }

    /// Stores a message from a circuit that has recorded a failure and is open. `until` contains the bits of the tick
    /// at which the circuit may admit a call.
    pub(crate) fn leave_failure(circuit: usize, until: u64, reason: Reason) {
        Self::keep_failure(circuit, Self::store(circuit, until, reason));
    }

    fn store(circuit: usize, time: u64, reason: Reason) -> u16 {
        let number = count_message();
        NEWEST.with(|newest| newest[usize::from(number % KEPT)].set((circuit, time & !7 | reason as u64)));
        number
    }

    /// Returns whether the newest message on this thread has the reason `reason`, and is not void.
    pub(crate) fn is_newest_by(reason: Reason) -> bool {
        let newest = usize::from(Existing::now().messages() % KEPT);
        let (circuit, wait) = NEWEST.with(|messages| messages[newest].get());
        circuit != VOID && wait & 7 == reason as u64
    }

    /// Puts a failure of a circuit at the front of the list [`FAILURES`]. Replaces an earlier failure of the circuit,
    /// or the oldest failure.
    #[cold]
    #[inline(never)]
    fn keep_failure(circuit: usize, number: u16) {
        FAILURES.with(|failures| {
            let mut moved = (circuit, number);
            for failure in failures {
                moved = failure.replace(moved);
                if moved.0 == circuit || moved.0 == VOID {
                    break;
                }
            }
        });
    }

    /// Returns whether the list [`FAILURES`] contains a failure of the circuit among the last `count` messages.
    fn has_failed(circuit: usize, number: u16, count: u16) -> bool {
        FAILURES.with(|failures| {
            let mut failures = failures.iter().map(Cell::get);
            failures.any(|(of, failure)| of == circuit && number.wrapping_sub(failure) < count)
        })
    }

    /// Makes all earlier messages from circuits to retries on this thread void, so that retries ignore these messages.
    #[inline]
    pub(crate) fn void() {
        // After most failures, all messages are already void.
        if !Self::is_void() {
            Self::void_all();
        }
    }

    /// Returns whether all messages from circuits to retries on this thread are void (ignored by retries). If the
    /// newest message is void, all older messages are void, too.
    #[inline]
    fn is_void() -> bool {
        let newest = usize::from(Existing::now().messages() % KEPT);
        NEWEST.with(|messages| messages[newest].get().0) == VOID
    }

    #[cold]
    #[inline(never)]
    fn void_all() {
        NEWEST.with(|messages| messages.iter().for_each(|message| message.set((VOID, 0))));
    }

    /// Returns the newest message that a circuit has left for retries on this thread since the message with the number
    /// `since`. Ignores void messages. Also ignores the messages of a circuit if `is_own` returns true for the address
    /// of this circuit.
    pub(crate) fn newest(since: u16, is_own: impl Fn(usize) -> bool) -> Option<Self> {
        let number = Existing::now().messages();
        let count = number.wrapping_sub(since);
        NEWEST.with(|newest| {
            let messages = (0..count.min(KEPT)).map(|age| newest[usize::from(number.wrapping_sub(age) % KEPT)].get());
            let mut messages = messages.filter(|(circuit, _)| *circuit != VOID && !is_own(*circuit));
            let (circuit, time) = messages.next()?;
            let is_rejection = time & 7 == Reason::Rejection as u64;
            let wait = match time & !7 {
                FOREVER => FOREVER,
                until => until.saturating_sub(Tick::now().to_bits()),
            };
            Some(Self { wait, has_failed: !is_rejection || Self::has_failed(circuit, number, count) })
        })
    }

    /// Returns the time in nanoseconds for which the circuit that left this message will still reject calls after a
    /// pause of the length `pause`. Rounds `pause` up to a multiple of 8 ns, because the end of a cooldown is rounded up,
    /// too.
    pub(crate) fn excess(self, pause: Duration) -> u64 {
        if self.wait == FOREVER { FOREVER } else { self.wait.saturating_sub(whole_steps(nanos(pause))) }
    }
}

/// A copy of the messages from circuits to retries on this thread. A message states for how long a circuit will reject
/// calls.
#[derive(Debug)]
pub(crate) struct Messages {
    number: u16,
    /// The newest messages, or `None` if all messages are void (ignored by retries). Usually, all messages are void.
    newest: Option<[(usize, u64); KEPT as usize]>,
}

impl Messages {
    #[inline]
    pub(crate) fn now() -> Self {
        let newest = NEWEST.with(|newest| (!StillOpen::is_void()).then(|| newest.each_ref().map(Cell::get)));
        Self { number: Existing::now().messages(), newest }
    }

    /// Replaces the messages from circuits to retries on this thread by this copy. The caller must then restore the
    /// number of messages.
    #[inline]
    pub(crate) fn restore(&self) {
        let count = Existing::now().messages().wrapping_sub(self.number);
        // Usually, all messages are void, and no circuit has left a message since this copy was made.
        if count != 0 || self.newest.is_some() {
            self.undo(count);
        }
    }

    /// Does the work of [`restore`](Self::restore). Circuits have left `count` messages since this copy was made. Also
    /// removes the failures of these messages, because later messages get the same numbers.
    #[cold]
    #[inline(never)]
    fn undo(&self, count: u16) {
        let number = self.number.wrapping_add(count);
        FAILURES.with(|failures| {
            for failure in failures.iter().filter(|failure| number.wrapping_sub(failure.get().1) < count) {
                failure.set((VOID, 0));
            }
        });
        match self.newest {
            None => StillOpen::void(),
            Some(newest) => NEWEST.with(|cells| cells.iter().zip(newest).for_each(|(cell, message)| cell.set(message))),
        }
    }
}
