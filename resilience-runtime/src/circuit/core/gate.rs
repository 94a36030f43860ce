//! Protects the [`Machine`] of a breaker by a mutex, and publishes its phase in one atomic `u64`, the word.
//!
//! Each decision holds the lock. Three frequent operations only load the word. They admit a call while the circuit is
//! closed, record a success that changes only a counter, and reject a call before the end of a wait.
//!
//! The low three bits of the word identify the phase. If the circuit is closed or disabled, the upper 32 bits are the
//! generation, a count of state changes. If the circuit is open, or half-open with all slots taken, the upper 61 bits
//! are the [`Tick`] at which the wait ends. If the circuit is forced open, the upper 61 bits are the wait that a
//! rejection reports, in nanoseconds. One load therefore reads a consistent phase.

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
    /// The published phase. A thread that holds the lock stores it with `Release`. Threads without the lock load it
    /// with `Acquire`.
    word: AtomicU64,
    /// While the circuit is closed: the tick at which a part of the window expires, or [`NEVER`]. Otherwise: the
    /// longest wait, in nanoseconds, for which a call is rejected without the lock. A longer wait means that another
    /// clock opened the circuit. Zero means that each call needs a decision under the lock.
    ///
    /// Both values share one field. With a second field, a breaker would be eight bytes larger than the limit in
    /// `tests/allocations.rs`.
    ///
    /// The limit is stored before the word, so a reader may see the old word with the new limit. The reader then takes
    /// the lock, or rejects the call by the old phase. Both are correct.
    limit: AtomicU64,
    /// The shortest duration of a slow call in nanoseconds, rounded up to a multiple of 8. The lowest bit is [`HUNG`].
    slow: AtomicU64,
    core: Mutex<Core>,
}

#[derive(Debug)]
struct Core {
    settings: Arc<Settings>,
    machine: Machine,
}

const NEVER: u64 = u64::MAX;
/// The value of `slow` above its three low bits, if no call counts as slow.
const NONE_SLOW: u64 = !MASK;
/// The bit of `slow` that is set if the circuit has the option `hung_after`. A call that waits then needs its start
/// time.
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

    /// Returns the generation if the circuit is closed and its rule does not depend on the times of calls.
    #[inline]
    pub(crate) fn closed(&self) -> Option<u32> {
        let word = self.word.load(Ordering::Acquire);
        (word & MASK <= FAILING).then_some(split(word).0)
    }

    /// Returns whether the circuit is closed in this generation, and a success changes only a counter.
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

    /// Returns whether a call that waits needs its start time, because `hung_after` is set.
    #[inline]
    pub(crate) fn times_waits(&self) -> bool {
        self.slow.load(Ordering::Relaxed) & HUNG != 0
    }

    /// Returns whether a call from `started` to `now` is slow.
    pub(crate) fn is_slow(&self, started: Tick, now: Tick) -> bool {
        now.to_bits().saturating_sub(started.to_bits()) >= self.slow.load(Ordering::Relaxed) & !MASK
    }

    /// Returns whether a part of the window has expired at `now`. The circuit must be closed.
    pub(crate) fn is_due(&self, now: Tick) -> bool {
        now.to_bits() >= self.limit.load(Ordering::Relaxed)
    }

    /// Calls `decide` with the machine and the settings under the lock, and publishes the new phase.
    ///
    /// `decide` must not call user code. It must not emit events either, because a subscriber is user code. It reads
    /// the clock itself, under the lock, so that the times have the order of the decisions.
    pub(crate) fn decide<T>(&self, decide: impl FnOnce(&mut Machine, &mut Arc<Settings>) -> T) -> T {
        let mut core = lock(&self.core);
        let Core { settings, machine } = &mut *core;
        let decision = decide(machine, settings);
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
        self.slow.store(slow | hung, Ordering::Relaxed);
        self.word.store(pack(phase), Ordering::Release);
        decision
    }

    /// Calls `read` with the machine and the settings under the lock. `read` cannot change them.
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
