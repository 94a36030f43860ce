//! Guards the machine of a breaker and publishes its phase as one atomic word.
//!
//! Each decision holds the lock. Two paths only read the word: a success of a closed circuit without failures to clear,
//! and a rejection while the wait runs.
//!
//! The low three bits of the word are the phase. While the circuit admits calls, the upper half is the generation.
//! Otherwise the bits above the phase are the [`Tick`] at which a wait ends, or the length of a wait without an end.
//! One load therefore reads a consistent state.

use crate::base::clock::{Tick, nanos, whole_steps};
use crate::base::packed::{join, split};
use crate::base::sync::{Arc, AtomicU64, Mutex, Ordering, lock};
use crate::circuit::core::machine::Machine;
use crate::circuit::core::state::{Phase, SuccessPath};
use crate::circuit::settings::Settings;

const BITS: u32 = 3;
const MASK: u64 = (1 << BITS) - 1;

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
    /// The word. A thread with the lock stores it with `Release`; threads without the lock load it with `Acquire`.
    word: AtomicU64,
    /// While the circuit is closed: the tick at which a part of the window expires. Otherwise: the longest wait of a
    /// rejection without a decision, in nanoseconds, or zero if each call needs a decision. A longer wait means that
    /// another clock opened the circuit.
    ///
    /// Both values share one field. A second field would make a breaker eight bytes larger than its limit in
    /// `tests/allocations.rs`.
    ///
    /// The limit is stored before the word, so a reader may see the limit of the next word. The reader then takes the
    /// lock, or rejects by the old phase. Both are correct.
    limit: AtomicU64,
    /// The shortest duration of a slow call in nanoseconds, rounded up to whole ticks. The lowest bit is [`HUNG`].
    slow: AtomicU64,
    core: Mutex<Core>,
}

#[derive(Debug)]
struct Core {
    settings: Arc<Settings>,
    machine: Machine,
}

const NEVER: u64 = u64::MAX;
/// The value of `slow` if no call is slow, in whole ticks.
const NONE_SLOW: u64 = !MASK;
/// A bit that is set if a cancelled call may be a failure. A call that waits then needs its start time.
const HUNG: u64 = 1;

impl Gate {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        let machine = Machine::new(&settings, Tick::now());
        let gate = Self {
            word: AtomicU64::new(QUIET),
            limit: AtomicU64::new(NEVER),
            slow: AtomicU64::new(NONE_SLOW),
            core: Mutex::new(Core { settings, machine }),
        };
        gate.decide(|_, _| ());
        gate
    }

    /// Returns the phase that was published last.
    pub(crate) fn phase(&self) -> Phase {
        unpack(self.word.load(Ordering::Acquire))
    }

    /// Returns the generation of a closed circuit that needs no times of calls.
    #[inline]
    pub(crate) fn closed(&self) -> Option<u32> {
        let word = self.word.load(Ordering::Acquire);
        (word & MASK <= FAILING).then_some(split(word).0)
    }

    /// Returns whether the circuit is closed in this generation, and a success changes nothing but a counter.
    #[inline]
    pub(crate) fn is_quiet(&self, generation: u32) -> bool {
        self.is_closed(generation, SuccessPath::Quiet)
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

    /// Returns whether a call that waits needs its start time.
    #[inline]
    pub(crate) fn times_waits(&self) -> bool {
        self.slow.load(Ordering::Relaxed) & HUNG != 0
    }

    /// Returns whether a call is slow that started at `started` and ends `now`.
    pub(crate) fn is_slow(&self, started: Tick, now: Tick) -> bool {
        now.to_bits().saturating_sub(started.to_bits()) >= self.slow.load(Ordering::Relaxed) & !MASK
    }

    /// Returns whether a part of the window has expired.
    pub(crate) fn is_due(&self, now: Tick) -> bool {
        now.to_bits() >= self.limit.load(Ordering::Relaxed)
    }

    /// Lets `decide` change the machine, and publishes the new phase.
    ///
    /// `decide` must not call user code, including subscribers to events. A decision reads the clock while it holds the
    /// lock, so its times have the order of the decisions.
    pub(crate) fn decide<T>(&self, decide: impl FnOnce(&mut Machine, &mut Arc<Settings>) -> T) -> T {
        let mut core = lock(&self.core);
        let Core { settings, machine } = &mut *core;
        let decision = decide(machine, settings);
        let (phase, longest_wait) = machine.phase(settings);
        let limit = match phase {
            Phase::Closed { .. } => machine.due().map_or(NEVER, Tick::to_bits),
            _ if settings.shadow => 0,
            _ => whole_steps(nanos(longest_wait)),
        };
        self.limit.store(limit, Ordering::Relaxed);
        let slow = settings.slow_call.map_or(NONE_SLOW, |time| whole_steps(nanos(time)));
        let hung = if settings.hung_after.is_some() { HUNG } else { 0 };
        self.slow.store(slow | hung, Ordering::Relaxed);
        self.word.store(pack(phase), Ordering::Release);
        decision
    }

    /// Calls `read` with the machine, which it cannot change.
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
