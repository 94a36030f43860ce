//! Guards the machine of a breaker and publishes its phase as one atomic word.
//!
//! Whoever decides holds the lock; the two paths that run all day, a success through a closed circuit that has no
//! failures to clear and a rejection while the wait runs, only read the word. Its low three bits name the phase; the rest
//! is the generation of a closed circuit or the [`Tick`] from which a rejection counts its wait, so one load tells all
//! that belongs together.

use crate::breaker::state::{Machine, Phase};
use crate::clock::Tick;
use crate::config::{LiveSettings, Settings};
use crate::sync::{AtomicU64, Mutex, Ordering, lock};

const BITS: u32 = 3;
const MASK: u64 = (1 << BITS) - 1;

const CLOSED: u64 = 0;
const FAILING: u64 = 1;
const OPEN: u64 = 2;
const HALF_OPEN: u64 = 3;
const FULL: u64 = 4;

#[derive(Debug)]
pub(crate) struct Gate {
    /// Stored with the lock held, `Release`; loaded without it, `Acquire`.
    word: AtomicU64,
    machine: Mutex<Machine>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self { word: AtomicU64::new(CLOSED), machine: Mutex::new(Machine::new()) }
    }

    /// The phase as it was published last.
    pub(crate) fn phase(&self) -> Phase {
        unpack(self.word.load(Ordering::Acquire))
    }

    /// The generation of a closed circuit.
    #[inline]
    pub(crate) fn closed(&self) -> Option<u64> {
        let word = self.word.load(Ordering::Acquire);
        (word & MASK <= FAILING).then_some(word >> BITS)
    }

    /// The circuit is closed, in this generation, and there are no failures to clear.
    #[inline]
    pub(crate) fn is_quiet(&self, generation: u64) -> bool {
        self.word.load(Ordering::Acquire) == pack(Phase::Closed { generation, failing: false })
    }

    /// Lets `decide` change the machine, and publishes what came of it.
    ///
    /// `decide` must not call user code, and that includes subscribers to events. A clock that it reads with the lock held
    /// gives times in the order of the decisions.
    pub(crate) fn decide<T>(&self, settings: &LiveSettings, decide: impl FnOnce(&mut Machine, &Settings) -> T) -> T {
        let mut machine = lock(&self.machine);
        let settings = settings.load();
        let decision = decide(&mut machine, &settings);
        self.word.store(pack(machine.phase(&settings)), Ordering::Release);
        decision
    }

    /// Shows the machine to `look`, without a change.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Machine) -> T) -> T {
        look(&lock(&self.machine))
    }
}

#[inline]
fn pack(phase: Phase) -> u64 {
    match phase {
        Phase::Closed { generation, failing: false } => generation << BITS | CLOSED,
        Phase::Closed { generation, failing: true } => generation << BITS | FAILING,
        Phase::Open { since } => since.to_bits() | OPEN,
        Phase::HalfOpen => HALF_OPEN,
        Phase::Full { since } => since.to_bits() | FULL,
    }
}

#[inline]
fn unpack(word: u64) -> Phase {
    match word & MASK {
        phase @ (CLOSED | FAILING) => Phase::Closed { generation: word >> BITS, failing: phase == FAILING },
        OPEN => Phase::Open { since: Tick::from_bits(word) },
        FULL => Phase::Full { since: Tick::from_bits(word) },
        _ => Phase::HalfOpen,
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_word_gives_back_the_phase_that_made_it() {
        let since = Tick::now();
        for phase in [
            Phase::Closed { generation: 0, failing: false },
            Phase::Closed { generation: 7, failing: true },
            Phase::Closed { generation: u64::MAX >> BITS, failing: false },
            Phase::Open { since },
            Phase::HalfOpen,
            Phase::Full { since },
        ] {
            assert_eq!(unpack(pack(phase)), phase);
        }
    }
}
