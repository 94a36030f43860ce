use std::fmt;

use crate::base::clock::Tick;

/// The state of a circuit.
///
/// `Display` shows `closed`, `open`, `half_open`, `forced_open` and `disabled`.
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
    /// Calls are rejected until a reset, after [`force_open`](crate::CircuitBreaker::force_open).
    ForcedOpen,
    /// Calls are admitted until a reset, after [`disable`](crate::CircuitBreaker::disable). Their outcomes change
    /// nothing.
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

/// The part of the state that fits in one word: enough to admit calls and to count successes. See
/// [`crate::circuit::core::gate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Closed {
        generation: u32,
        success: SuccessPath,
    },
    Open {
        until: Tick,
    },
    /// The circuit is half-open, and a trial may be admitted.
    HalfOpen,
    /// The circuit is half-open, and every slot is taken until its lease ends.
    Full {
        until: Tick,
    },
    /// The circuit is open without an end. A rejection reports this number of nanoseconds, in steps of eight; zero if
    /// each call needs a decision.
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
    /// The success is only counted.
    Quiet,
    /// The success clears earlier failures.
    Failing,
    /// The duration or the end of the success may matter.
    Timed,
}
