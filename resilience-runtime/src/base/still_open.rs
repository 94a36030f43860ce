//! Passes messages from circuits to the retry around these circuits. A message states for how long a circuit will
//! reject calls.
//!
//! If a circuit would still reject calls after the pause of a retry, the retry makes no further attempt. The messages
//! are thread-local, so the retry needs neither the type of the error nor a list of the called circuits.

use std::cell::Cell;
use std::time::Duration;

use crate::base::clock::{nanos, whole_steps};
use crate::base::existing::{Existing, count_message};

/// The number of messages that each thread keeps. With a message, a circuit announces to retries for how long the
/// circuit will reject calls. One message is not enough. A retry ignores messages from circuits that are attributes of
/// the retried function, and then needs an older message.
const KEPT: u16 = 4;

/// A number that replaces the address of the circuit in a message from a circuit to retries, and thereby makes the
/// message void. Retries ignore void messages. No circuit has this address.
const VOID: usize = 0;

/// The time in nanoseconds that a circuit announces to retries if the circuit will reject calls until a reset.
pub(crate) const FOREVER: u64 = u64::MAX - 7;

thread_local! {
    /// The newest messages from circuits to retries on this thread. The messages are numbered, and the index of a
    /// message is its number modulo [`KEPT`]. A message consists of the address of a circuit, and the time in
    /// nanoseconds until this circuit may admit a call. The time is rounded down to a multiple of eight. The lowest bits
    /// then contain the reason of the message, as the number of a [`Reason`].
    static NEWEST: [Cell<(usize, u64)>; KEPT as usize] = const { [const { Cell::new((VOID, 0)) }; KEPT as usize] };
}

/// The reason why a circuit left a message for retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The circuit is open after a failure.
    Failure,
    /// The circuit rejected a call.
    Rejection,
    /// The circuit is open after the failure of a hung call, whose future or permit was dropped.
    Drop,
}

/// The content of a message from a circuit to retries: for how long the circuit will reject calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StillOpen {
    wait: u64,
    /// True if the circuit left the message when it rejected a call. False if the circuit left the message when it
    /// recorded a failure.
    pub(crate) by_rejection: bool,
}

impl StillOpen {
    /// Stores a message from a circuit to the retries on this thread. A circuit calls this function in two cases: when
    /// it rejects a call, and when it has recorded a failure and is open. `circuit` is the address of the circuit, and
    /// `wait` is the time in nanoseconds until the circuit may admit a call.
    pub(crate) fn leave(circuit: usize, wait: u64, reason: Reason) {
        let number = count_message();
        NEWEST.with(|newest| newest[usize::from(number % KEPT)].set((circuit, wait & !7 | reason as u64)));
    }

    /// Returns whether the newest message on this thread has the reason `reason`, and is not void.
    pub(crate) fn is_newest_by(reason: Reason) -> bool {
        let newest = usize::from(Existing::now().messages() % KEPT);
        let (circuit, wait) = NEWEST.with(|messages| messages[newest].get());
        circuit != VOID && wait & 7 == reason as u64
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
        let count = number.wrapping_sub(since).min(KEPT);
        NEWEST.with(|newest| {
            let messages = (0..count).map(|age| newest[usize::from(number.wrapping_sub(age) % KEPT)].get());
            let mut messages = messages.filter(|(circuit, _)| *circuit != VOID && !is_own(*circuit));
            messages
                .next()
                .map(|(_, wait)| Self { wait: wait & !7, by_rejection: wait & 7 == Reason::Rejection as u64 })
        })
    }

    /// Returns whether the circuit that left this message will still reject calls after a pause of the length `pause`.
    /// Rounds `pause` up to a multiple of 8 ns, because the end of a cooldown is rounded up, too.
    pub(crate) fn exceeds(self, pause: Duration) -> bool {
        self.wait == FOREVER || whole_steps(nanos(pause)) < self.wait
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
        match self.newest {
            None if Existing::now().messages() == self.number => {}
            None => StillOpen::void(),
            Some(newest) => NEWEST.with(|cells| cells.iter().zip(newest).for_each(|(cell, message)| cell.set(message))),
        }
    }
}
