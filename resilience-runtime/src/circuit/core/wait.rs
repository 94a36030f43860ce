use std::time::Duration;

use crate::circuit::core::state::CircuitState;

/// The state that rejected a call, and the time after which the caller may try again.
///
/// The wait is one word, so that a rejection stays in a register. Its time is a multiple of 8 ns, and the three low
/// bits hold the state. The constructors clear these bits. Their callers round the time up to a multiple of 8 ns before,
/// because rounding in the constructors costs a rejection more instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Wait(u64);

/// The longest wait that a half-open circuit reports to a caller. A trial usually ends long before its lease ends.
const HALF_OPEN_NANOS: u64 = 1_000_000_000;

const OPEN: u64 = 0;
const HALF_OPEN: u64 = 1;
const FORCED_OPEN: u64 = 2;
const STATE: u64 = 7;

impl Wait {
    /// Returns the wait for the rest of a cooldown.
    #[inline]
    pub(crate) const fn open(nanos: u64) -> Self {
        Self(nanos & !STATE | OPEN)
    }

    /// Returns the wait for a trial whose lease ends in `lease_nanos`.
    #[inline]
    pub(crate) const fn half_open(lease_nanos: u64) -> Self {
        let nanos = if lease_nanos < HALF_OPEN_NANOS { lease_nanos } else { HALF_OPEN_NANOS };
        Self(nanos & !STATE | HALF_OPEN)
    }

    /// Returns the wait until a reset. Its time is a cooldown, because the time of the reset is not known.
    #[inline]
    pub(crate) const fn forced_open(cooldown_nanos: u64) -> Self {
        Self(cooldown_nanos & !STATE | FORCED_OPEN)
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn state(self) -> CircuitState {
        match self.0 & STATE {
            OPEN => CircuitState::Open,
            HALF_OPEN => CircuitState::HalfOpen,
            _ => CircuitState::ForcedOpen,
        }
    }

    pub(crate) const fn time(self) -> Duration {
        Duration::from_nanos(self.0 & !STATE)
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn wait_keeps_state_and_time() {
        for (wait, state, nanos) in [
            (Wait::open(0), CircuitState::Open, 0),
            (Wait::open(1_000_000_008), CircuitState::Open, 1_000_000_008),
            (Wait::open(u64::MAX), CircuitState::Open, u64::MAX - 7),
            (Wait::half_open(999_999_992), CircuitState::HalfOpen, 999_999_992),
            (Wait::half_open(30_000_000_000), CircuitState::HalfOpen, 1_000_000_000),
            (Wait::half_open(16), CircuitState::HalfOpen, 16),
            (Wait::forced_open(30_000_000_008), CircuitState::ForcedOpen, 30_000_000_008),
        ] {
            assert_eq!((wait.state(), wait.time()), (state, Duration::from_nanos(nanos)));
        }
    }
}
