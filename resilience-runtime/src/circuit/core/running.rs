//! Lists the trials whose bodies this thread is polling.
//!
//! A half-open circuit has a slot for each trial that it admits at the same time. A call through the same circuit,
//! inside the body of a trial, must not need another slot. The trial may hold the only slot, so the circuit would
//! reject the call inside. The trial would then fail by this rejection, and the circuit would never close.
//!
//! An entry of the list exists during one poll. A task that the body spawns is therefore not part of the trial, and a
//! future that moves to another thread leaves no entry behind.
//!
//! A call through a closed circuit has no entry, because an entry costs 20 instructions more than the 153 of a call. If
//! another call of the same circuit runs inside its body, the circuit counts both calls.

use std::cell::Cell;

use crate::circuit::core::ticket::Ticket;

/// The largest number of nested trials with an entry. A trial inside eight others has no entry, so a call inside its
/// body needs a slot of its own.
const DEEPEST: usize = 8;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// For each nested trial, the outermost first: the address of the circuit's `Core`, and the ticket of the trial.
    static TRIALS: [Cell<(usize, Ticket)>; DEEPEST] =
        const { [const { Cell::new((0, Ticket::new(0, Ticket::NO_TRIAL))) }; DEEPEST] };
}

/// Records that this thread polls the body of a trial of the circuit `core`.
#[cold]
#[inline(never)]
pub(crate) fn enter<C>(core: &C, ticket: Ticket) {
    let depth = DEPTH.get();
    TRIALS.with(|trials| {
        if let Some(entry) = trials.get(depth) {
            entry.set((address(core), ticket));
        }
    });
    DEPTH.set(depth + 1);
}

/// Removes the entry of the innermost trial. If the body panicked, the permit of the trial calls this function.
#[expect(
    clippy::inline_always,
    reason = "measured: a call after the body moves its outcome through memory, 48 instructions"
)]
#[inline(always)]
pub(crate) fn leave() {
    DEPTH.set(DEPTH.get().saturating_sub(1));
}

fn address<C>(core: &C) -> usize {
    std::ptr::from_ref(core).addr()
}

/// Returns whether this thread polls the body of a trial of the circuit `core`, and `is_live` returns true for the
/// ticket of this trial.
#[inline]
pub(crate) fn is_within<C>(core: &C, is_live: impl Fn(Ticket) -> bool) -> bool {
    let depth = DEPTH.get();
    depth > 0
        && TRIALS.with(|trials| {
            let entries = trials.iter().take(depth).map(Cell::get);
            entries.filter(|(of, _)| *of == address(core)).any(|(_, ticket)| is_live(ticket))
        })
}
