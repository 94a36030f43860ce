use std::fmt;

use crate::base::clock::Tick;

/// The state of a circuit.
///
/// Shown as `closed`, `open`, `half_open`, `forced_open` and `disabled`.
///
/// ```
/// use resilience_runtime::CircuitState;
///
/// assert_eq!(CircuitState::HalfOpen.to_string(), "half_open");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CircuitState {
    /// Calls are admitted, and their outcomes are counted.
    Closed,
    /// Calls are rejected until the cooldown has passed.
    Open,
    /// A few trial calls are admitted; their outcomes close the circuit or open it again.
    HalfOpen,
    /// Calls are rejected until a reset: [`force_open`](crate::CircuitBreaker::force_open).
    ForcedOpen,
    /// Calls are admitted until a reset, and their outcomes change nothing: [`disable`](crate::CircuitBreaker::disable).
    Disabled,
}

impl CircuitState {
    /// Returns the name of the state, such as `half_open`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::Disabled => "disabled",
        }
    }
}

impl fmt::Display for CircuitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The part of the state that an admission and a success need, as one word; see [`crate::circuit::core::gate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Closed {
        generation: u32,
        success: SuccessPath,
    },
    Open {
        until: Tick,
    },
    /// Half-open, and a trial may be admitted.
    HalfOpen,
    /// Half-open, and every slot is taken until their lease ends.
    Full {
        until: Tick,
    },
    /// Open without an end. A rejection waits for so many nanoseconds, in steps of eight; zero if each call needs a
    /// decision.
    ForcedOpen {
        wait: u64,
    },
    Disabled {
        generation: u32,
    },
}

/// How a closed circuit records a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SuccessPath {
    /// It is counted.
    Quiet,
    /// It clears failures.
    Failing,
    /// Its time may count.
    Timed,
}
