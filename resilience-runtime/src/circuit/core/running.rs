//! Lists the trial calls whose bodies this thread is polling. A trial call is an admitted call of a half-open circuit.
//!
//! The option `half_open_max` limits the number of running trial calls. If the body of a trial call makes an inner call
//! through the same circuit, the inner call does not count towards this limit. If the inner call counted, a circuit
//! with the limit 1 would reject the inner call. This rejection would make the trial call fail, so the circuit would
//! never close.
//!
//! An entry of the list exists during one poll of the trial call's body. A task that the body spawns is therefore not
//! part of the trial call. A trial call whose future moves to another thread leaves no entry on its previous thread.
//!
//! A call through a closed circuit has no entry, because an entry would cost 20 instructions. A closed circuit
//! therefore counts an inner call in addition to the outer call.

use std::cell::Cell;

use crate::base::of_thread::of_thread;
use crate::circuit::core::ticket::Ticket;

/// The largest number of nested trial calls that `TRIALS` can contain. A ninth nested trial call gets no entry. The
/// circuit may therefore reject an inner call in the body of the ninth trial call.
const DEEPEST: usize = 8;

thread_local! {
    /// The entries of the trial calls whose bodies this thread is polling, beginning with the outermost trial call. The
    /// `usize` in an entry is the address of the circuit's `Core`.
    static TRIALS: [Cell<(usize, Ticket)>; DEEPEST] =
        const { [const { Cell::new((0, Ticket::new(0, Ticket::NO_TRIAL))) }; DEEPEST] };
}

/// Adds an entry to the list `TRIALS`, for a trial call whose body this thread begins to poll.
#[cold]
#[inline(never)]
pub(crate) fn enter<C>(core: &C, ticket: Ticket) {
    let depth = of_thread(|thread| thread.trials.get());
    TRIALS.with(|trials| {
        if let Some(entry) = trials.get(depth) {
            entry.set((address(core), ticket));
        }
    });
    of_thread(|thread| thread.trials.set(depth + 1));
}

/// Removes the entry of the innermost trial call from the list `TRIALS`. If the body of the trial call panicked, the
/// destructor of the call's permit calls this function.
#[expect(
    clippy::inline_always,
    reason = "measured: a call after the body moves its outcome through memory, 48 instructions"
)]
#[inline(always)]
pub(crate) fn leave() {
    of_thread(|thread| thread.trials.set(thread.trials.get().saturating_sub(1)));
}

fn address<C>(core: &C) -> usize {
    std::ptr::from_ref(core).addr()
}

/// Returns whether this thread is polling the body of a trial call of the circuit `core`. Ignores a trial call if
/// `is_current` returns false for the trial call's ticket (the record of its admission).
#[inline]
pub(crate) fn is_within<C>(core: &C, is_current: impl Fn(Ticket) -> bool) -> bool {
    let depth = of_thread(|thread| thread.trials.get());
    depth > 0
        && TRIALS.with(|trials| {
            let entries = trials.iter().take(depth).map(Cell::get);
            entries.filter(|(of, _)| *of == address(core)).any(|(_, ticket)| is_current(ticket))
        })
}
