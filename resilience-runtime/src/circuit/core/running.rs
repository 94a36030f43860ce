//! The trials whose bodies this thread polls.
//!
//! A call inside the body of a trial belongs to it. It must not wait for the slot that the trial holds: the trial would fail
//! by its own rejection, and the circuit would never close. An entry exists for one poll, so a spawned task has none, and a
//! future that moves between threads takes none along.
//!
//! Calls through a closed circuit have no entry: an entry costs 20 instructions, of 153. A call within such a call counts twice.

use std::cell::Cell;

use crate::circuit::core::ticket::Ticket;

/// The number of nested trials that are remembered. A trial below them is judged by itself.
const DEEPEST: usize = 8;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The address of each core, and the ticket of its trial.
    static TRIALS: [Cell<(usize, Ticket)>; DEEPEST] =
        const { [const { Cell::new((0, Ticket::new(0, Ticket::NO_TRIAL))) }; DEEPEST] };
}

/// Notes that this thread polls the body of a trial of this core.
#[cold]
pub(crate) fn enter<C>(core: &C, ticket: Ticket) {
    let depth = DEPTH.get();
    TRIALS.with(|trials| {
        if let Some(entry) = trials.get(depth) {
            entry.set((address(core), ticket));
        }
    });
    DEPTH.set(depth + 1);
}

/// Ends the entry of the innermost trial. After a panic of its body, the permit of the trial calls this.
#[cold]
pub(crate) fn leave() {
    DEPTH.set(DEPTH.get().saturating_sub(1));
}

fn address<C>(core: &C) -> usize {
    std::ptr::from_ref(core).addr()
}

/// Returns whether this thread polls the body of a trial of this core with a ticket that `is_live`.
#[inline]
pub(crate) fn is_within<C>(core: &C, is_live: impl Fn(Ticket) -> bool) -> bool {
    let depth = DEPTH.get();
    depth > 0
        && TRIALS.with(|trials| {
            let entries = trials.iter().take(depth).map(Cell::get);
            entries.filter(|(of, _)| *of == address(core)).any(|(_, ticket)| is_live(ticket))
        })
}
