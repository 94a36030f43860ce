use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::still_open::FOREVER;
use crate::circuit::core::state::CircuitState;

/// The state of a circuit that rejected a call, and the time after which the caller may try again.
///
/// The state and the time share one `u64`, so that a rejection stays in a register. The time is a multiple of 8 ns, so
/// the three low bits of the time are free for the state.
///
/// The caller of a constructor must round the time up to a multiple of 8 ns. The constructor itself only clears the
/// three low bits, because rounding would add instructions to each rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Wait(u64);

/// The longest wait that a half-open circuit reports, in nanoseconds. This wait is short, because most trial calls end
/// long before their time limit.
const HALF_OPEN_NANOS: u64 = 1_000_000_000;

const OPEN: u64 = 0;
const HALF_OPEN: u64 = 1;
const FORCED_OPEN: u64 = 2;
const STATE: u64 = 7;

impl Wait {
    /// Creates the wait of an open circuit. `nanos` is the rest of the cooldown in nanoseconds.
    #[inline]
    pub(crate) const fn open(nanos: u64) -> Self {
        Self(nanos & !STATE | OPEN)
    }

    /// Creates the wait of a half-open circuit. `lease_nanos` is the time, in nanoseconds, until the newest trial call
    /// reaches its time limit.
    #[inline]
    pub(crate) const fn half_open(lease_nanos: u64) -> Self {
        let nanos = if lease_nanos < HALF_OPEN_NANOS { lease_nanos } else { HALF_OPEN_NANOS };
        Self(nanos & !STATE | HALF_OPEN)
    }

    /// Creates the wait of a circuit that was forced open. The wait is a whole cooldown, because the time at which the
    /// user will reset the circuit is unknown.
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

    /// Returns the bits of the tick at which the circuit may admit a call. `now` is the time of the rejection. Returns
    /// [`FOREVER`] for a circuit that was forced open, because the time of its reset is unknown.
    pub(crate) const fn end(self, now: Tick) -> u64 {
        if self.0 & STATE == FORCED_OPEN { FOREVER } else { now.to_bits().saturating_add(self.0 & !STATE) }
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
