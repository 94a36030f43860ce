//! The trials whose bodies this thread polls at this moment.
//!
//! A call inside the body of a trial belongs to the trial. The call must not need a slot of its own: the trial holds
//! the slot, so the trial would fail by its own rejection, and the circuit would never close.
//!
//! An entry exists during one poll. A spawned task therefore has no entry, and a future that moves between threads
//! leaves none behind.
//!
//! Calls through a closed circuit have no entry, because an entry costs 20 instructions more than the 153 of a call. A
//! call inside such a call is counted twice.

use std::cell::Cell;

use crate::circuit::core::ticket::Ticket;

/// The largest number of nested trials with an entry. A trial inside this number of others counts like an
/// independent call.
const DEEPEST: usize = 8;

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The addresses of the cores, each with the ticket of its trial.
    static TRIALS: [Cell<(usize, Ticket)>; DEEPEST] =
        const { [const { Cell::new((0, Ticket::new(0, Ticket::NO_TRIAL))) }; DEEPEST] };
}

/// Records that this thread polls the body of a trial of this core.
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

/// Returns whether this thread polls the body of a trial of this core, whose ticket satisfies `is_live`.
#[inline]
pub(crate) fn is_within<C>(core: &C, is_live: impl Fn(Ticket) -> bool) -> bool {
    let depth = DEPTH.get();
    depth > 0
        && TRIALS.with(|trials| {
            let entries = trials.iter().take(depth).map(Cell::get);
            entries.filter(|(of, _)| *of == address(core)).any(|(_, ticket)| is_live(ticket))
        })
}
