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
    /// A few trial calls are admitted. Their outcomes close the circuit or open it again.
    HalfOpen,
    /// All calls are rejected, because [`force_open`](crate::CircuitBreaker::force_open) was called. A reset ends this
    /// state.
    ForcedOpen,
    /// All calls are admitted, because [`disable`](crate::CircuitBreaker::disable) was called. Their outcomes do not
    /// affect the circuit. A reset ends this state.
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

/// A summary of the state that fits in one `u64`. The summary is enough to admit most calls, to reject calls before the
/// end of a wait, and to count successes. [`crate::circuit::core::gate`] describes the encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Closed {
        generation: u32,
        success: SuccessPath,
    },
    Open {
        until: Tick,
    },
    /// The circuit is half-open, and may admit a trial.
    HalfOpen,
    /// The circuit is half-open, and admits no further trial. `until` is the tick at which the newest trial reaches its
    /// time limit and loses its slot.
    Full {
        until: Tick,
    },
    /// The circuit rejects all calls until a reset. `wait` is the time that a rejection reports, in nanoseconds, a
    /// multiple of 8. Zero means that each call needs a decision under the lock.
    ForcedOpen {
        wait: u64,
    },
    Disabled {
        generation: u32,
    },
}

/// The way in which a closed circuit records a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SuccessPath {
    /// The success only increments a counter.
    Quiet,
    /// The success also clears the count of earlier failures.
    Failing,
    /// The duration of the success, or the time of its end, matters to the rule.
    Timed,
}
