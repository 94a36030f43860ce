//! Protects the state machine [`Machine`] of a breaker by a mutex. After each decision of the machine, the method
//! `decide` stores the phase (a summary of the state) in one atomic `u64`. This `u64` is called the word.
//!
//! Every change of the state takes the lock of the mutex. A call of a closed circuit is usually admitted after a load
//! of the word, without the lock. A success that only increments a counter also takes no lock. Most rejections take no
//! lock either.
//!
//! The low three bits of the word identify the phase. The upper bits depend on the state of the circuit:
//!
//! - Closed or disabled: the upper 32 bits are the generation, a count of state changes.
//! - Open: the upper 61 bits are the [`Tick`] at which the cooldown ends.
//! - Half-open without room for a trial call: the upper 61 bits are the [`Tick`] at which the newest trial call reaches
//!   its time limit.
//! - Forced open: the upper 61 bits are the wait time, in nanoseconds, that a rejection reports.
//!
//! The word contains the whole phase, so one load of the word reads a consistent phase.

use std::time::Duration;

use once_cell::race::OnceBox;

use crate::base::clock::{Tick, nanos, whole_steps};
use crate::base::packed::{join, split};
use crate::base::sync::{Arc, AtomicU64, Mutex, Ordering, lock};
use crate::circuit::core::durations::Ended;
use crate::circuit::core::machine::Machine;
use crate::circuit::core::records::Records;
use crate::circuit::core::state::{Phase, SuccessPath};
use crate::circuit::core::ticket::Ticket;
use crate::circuit::settings::Settings;

const BITS: u32 = 3;
const MASK: u64 = (1 << BITS) - 1;

/// The low three bits of `Gate::word` while two conditions hold: the circuit is closed, and a success only increments a
/// counter ([`SuccessPath::Quiet`]). The value is zero, because [`Gate::is_quiet_for`] compares the word with the
/// ticket (the record of the admission) of a call. In an [ordinary](Ticket::is_ordinary) ticket, the same three bits
/// are zero.
const QUIET: u64 = 0;
const FAILING: u64 = 1;
const TIMED: u64 = 2;
const OPEN: u64 = 3;
const HALF_OPEN: u64 = 4;
const FULL: u64 = 5;
const FORCED_OPEN: u64 = 6;
const DISABLED: u64 = 7;

#[derive(Debug)]
pub(crate) struct Gate {
    /// The phase (a summary of the state), which threads load without the lock of the mutex.
    word: AtomicU64,
    /// The meaning of this field depends on the state of the circuit:
    ///
    /// - Closed, with the path [`SuccessPath::Timed`]: the first tick (a time) at which a success must take the lock,
    ///   or [`NEVER`]. For example, a part of the window of recent calls expires at this tick.
    /// - Open or half-open: the longest time, in nanoseconds, that a rejected call may have to wait. A longer wait
    ///   shows that the tick in `word` comes from another clock, such as the paused clock of a test's runtime. The call
    ///   then takes the lock. With the option `shadow`, the field is zero, so every call takes the lock.
    /// - Closed with another [`SuccessPath`], forced open, or disabled: unused.
    ///
    /// The tick and the longest wait share one field to save memory. With a second field, a breaker would exceed the
    /// size limit in `tests/allocations.rs` by eight bytes.
    ///
    /// The method `decide` stores this field before the field `word`. Another thread may therefore read the old phase
    /// from `word`, and then the new `limit`. The other thread then takes the lock, or acts according to the old phase.
    /// Both results are correct, because the call runs at the same time as the change of the state.
    limit: AtomicU64,
    /// The shortest duration of a slow call, in nanoseconds, rounded up to a multiple of 8. The lowest bit of the field
    /// is set if the circuit has the option `hung_after`. The next bit is set if the circuit has the option
    /// `durations`.
    slow: AtomicU64,
    /// The counts of state changes, and the durations of calls. The first use allocates the memory, because the state
    /// of most circuits never changes.
    records: OnceBox<Records>,
    core: Mutex<Core>,
}

#[derive(Debug)]
struct Core {
    settings: Arc<Settings>,
    machine: Machine,
}

const NEVER: u64 = u64::MAX;
/// The value of the upper 61 bits of `Gate::slow` if no call counts as slow.
const NONE_SLOW: u64 = !MASK;
/// The bit of `Gate::slow` that is set if the circuit has the option `hung_after`.
const HUNG: u64 = 1;
/// The bit of `Gate::slow` that is set if the circuit has the option `durations`.
const DURATIONS: u64 = 2;

impl Gate {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        let machine = Machine::new(&settings, Tick::now);
        let gate = Self {
            word: AtomicU64::new(QUIET),
            limit: AtomicU64::new(NEVER),
            slow: AtomicU64::new(NONE_SLOW),
            records: OnceBox::new(),
            core: Mutex::new(Core { settings, machine }),
        };
        gate.decide(|_, _| ());
        gate
    }

    pub(crate) fn phase(&self) -> Phase {
        unpack(self.word.load(Ordering::Acquire))
    }

    /// Returns the generation (a count of state changes) if the circuit is closed and needs only the outcome of a call.
    /// Otherwise, returns `None`. For example, a circuit that counts slow calls also needs the duration of a call.
    #[inline]
    pub(crate) fn closed(&self) -> Option<u32> {
        let word = self.word.load(Ordering::Acquire);
        (word & MASK <= FAILING).then_some(split(word).0)
    }

    /// Returns true if the circuit is closed in the generation `generation` (a count of state changes), and a success
    /// only increments a counter.
    #[inline]
    pub(crate) fn is_quiet(&self, generation: u32) -> bool {
        self.is_closed(generation, SuccessPath::Quiet)
    }

    /// Returns whether the success of a call only increments a counter. `ticket` records the admission of the call. The
    /// ticket must be [ordinary](Ticket::is_ordinary), unlike the ticket of a trial call. The circuit must be closed
    /// and [quiet](SuccessPath::Quiet). The circuit's generation (a count of state changes) must not have changed since
    /// the admission. The bits of the ticket then equal `word`, so one comparison checks the state and the generation.
    /// If the ticket contains the time until the first wait of the body, this function returns false, because this time
    /// changes the bits.
    #[inline]
    pub(crate) fn is_quiet_for(&self, ticket: Ticket) -> bool {
        let bits = ticket.to_bits();
        bits & MASK == QUIET && self.word.load(Ordering::Acquire) == bits
    }

    #[inline]
    pub(crate) fn is_closed(&self, generation: u32, success: SuccessPath) -> bool {
        self.word.load(Ordering::Acquire) == pack(Phase::Closed { generation, success })
    }

    pub(crate) fn longest_wait(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    pub(crate) fn has_slow_calls(&self) -> bool {
        self.slow.load(Ordering::Relaxed) & !MASK != NONE_SLOW
    }

    /// Returns whether the circuit has the option `hung_after`. With this option, a call that waits needs a start time.
    #[inline]
    pub(crate) fn times_waits(&self) -> bool {
        self.slow.load(Ordering::Relaxed) & HUNG != 0
    }

    /// Returns whether the circuit has the option `durations`.
    pub(crate) fn keeps_durations(&self) -> bool {
        self.slow.load(Ordering::Relaxed) & DURATIONS != 0
    }

    /// Counts the duration of a call, without the lock.
    #[cold]
    pub(crate) fn add_duration(&self, ended: Ended, duration: Duration) {
        let records = self.records.get_or_init(Box::default);
        records.durations.get_or_init(Box::default).add(ended, duration);
    }

    pub(crate) fn is_slow(&self, started: Tick, now: Tick) -> bool {
        now.to_bits().saturating_sub(started.to_bits()) >= self.slow.load(Ordering::Relaxed) & !MASK
    }

    /// Returns whether a success that ends at `now` must take the lock, for example because a part of the window of
    /// recent calls has expired. The circuit must be closed.
    pub(crate) fn is_due(&self, now: Tick) -> bool {
        now.to_bits() >= self.limit.load(Ordering::Relaxed)
    }

    /// Takes the lock, and calls the closure `decide` with the machine and the settings. Then stores the new phase (a
    /// summary of the state), which other threads read without the lock.
    ///
    /// The closure must not call user code, and must not emit events, because a subscriber of events is user code. The
    /// closure must read the clock itself. If a caller read the clock before the lock was taken, a decision could use
    /// an earlier time than the preceding decision. Only `Blind::add` accepts a time that a caller read before the lock
    /// was taken.
    pub(crate) fn decide<T>(&self, decide: impl FnOnce(&mut Machine, &mut Arc<Settings>) -> T) -> T {
        let mut core = lock(&self.core);
        let Core { settings, machine } = &mut *core;
        let generation = machine.generation();
        let decision = decide(machine, settings);
        if machine.generation() != generation {
            let (from, cause) = machine.change();
            self.records.get_or_init(Box::default).transitions.add(from, cause);
        }
        let (phase, longest_wait) = machine.phase(settings);
        let limit = match phase {
            Phase::Closed { success: SuccessPath::Timed, .. } => machine.due().map_or(NEVER, Tick::to_bits),
            Phase::Closed { .. } => NEVER,
            _ if settings.shadow => 0,
            _ => whole_steps(nanos(longest_wait)),
        };
        self.limit.store(limit, Ordering::Relaxed);
        let slow = settings.slow_call.map_or(NONE_SLOW, |time| whole_steps(nanos(time)));
        let hung = if settings.hung_after.is_some() { HUNG } else { 0 };
        let durations = if settings.durations { DURATIONS } else { 0 };
        self.slow.store(slow | hung | durations, Ordering::Relaxed);
        self.word.store(pack(phase), Ordering::Release);
        decision
    }

    /// Returns the counts of state changes, and the counters of call durations. Returns `None` if all these numbers are
    /// zero.
    pub(crate) fn records(&self) -> Option<&Records> {
        self.records.get()
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Machine, &Settings) -> T) -> T {
        let core = lock(&self.core);
        read(&core.machine, &core.settings)
    }
}

#[inline]
fn pack(phase: Phase) -> u64 {
    match phase {
        Phase::Closed { generation, success: SuccessPath::Quiet } => join(generation, 0) | QUIET,
        Phase::Closed { generation, success: SuccessPath::Failing } => join(generation, 0) | FAILING,
        Phase::Closed { generation, success: SuccessPath::Timed } => join(generation, 0) | TIMED,
        Phase::Open { until } => until.to_bits() | OPEN,
        Phase::HalfOpen => HALF_OPEN,
        Phase::Full { until } => until.to_bits() | FULL,
        Phase::ForcedOpen { wait } => (wait & !MASK) | FORCED_OPEN,
        Phase::Disabled { generation } => join(generation, 0) | DISABLED,
    }
}

#[inline]
fn unpack(word: u64) -> Phase {
    let (generation, until) = (split(word).0, Tick::from_bits(word));
    match word & MASK {
        QUIET => Phase::Closed { generation, success: SuccessPath::Quiet },
        FAILING => Phase::Closed { generation, success: SuccessPath::Failing },
        TIMED => Phase::Closed { generation, success: SuccessPath::Timed },
        OPEN => Phase::Open { until },
        HALF_OPEN => Phase::HalfOpen,
        FULL => Phase::Full { until },
        FORCED_OPEN => Phase::ForcedOpen { wait: word & !MASK },
        _ => Phase::Disabled { generation },
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_word_gives_back_the_phase_that_made_it() {
        let until = Tick::now();
        for phase in [
            Phase::Closed { generation: 0, success: SuccessPath::Quiet },
            Phase::Closed { generation: 7, success: SuccessPath::Failing },
            Phase::Closed { generation: u32::MAX, success: SuccessPath::Quiet },
            Phase::Closed { generation: 8, success: SuccessPath::Timed },
            Phase::Open { until },
            Phase::HalfOpen,
            Phase::Full { until },
            Phase::ForcedOpen { wait: 0 },
            Phase::ForcedOpen { wait: !MASK },
            Phase::Disabled { generation: 9 },
        ] {
            assert_eq!(unpack(pack(phase)), phase);
        }
    }
}
