use std::fmt;

use crate::base::clock::Tick;

/// Identifies the state of a circuit.
///
/// `Display` writes the names `closed`, `open`, `half_open`, `forced_open` and `disabled`.
///
/// ```
/// use resilience_runtime::CircuitState;
///
/// assert_eq!(CircuitState::HalfOpen.to_string(), "half_open");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CircuitState {
    /// The circuit admits all calls, and counts their outcomes.
    Closed,
    /// The circuit rejects all calls until the cooldown has passed.
    Open,
    /// The circuit admits a few trial calls. The outcomes of the trial calls close the circuit, or open the circuit
    /// again.
    HalfOpen,
    /// The circuit rejects all calls, because [`force_open`](crate::CircuitBreaker::force_open) was called.
    /// [`reset`](crate::CircuitBreaker::reset), [`trip`](crate::CircuitBreaker::trip) or
    /// [`disable`](crate::CircuitBreaker::disable) ends this state.
    ForcedOpen,
    /// The circuit admits all calls, because [`disable`](crate::CircuitBreaker::disable) was called. The outcomes of
    /// the calls do not affect the circuit. [`reset`](crate::CircuitBreaker::reset),
    /// [`trip`](crate::CircuitBreaker::trip) or [`force_open`](crate::CircuitBreaker::force_open) ends this state.
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

/// A summary of the circuit's state that fits in one `u64`. The summary lets a thread admit a call, count a success or
/// reject a call, usually without the lock of the circuit. The module [`crate::circuit::core::gate`] describes the
/// encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Closed {
        generation: u32,
        success: SuccessPath,
    },
    Open {
        until: Tick,
    },
    /// The circuit is half-open, and may admit a trial call.
    HalfOpen,
    /// The circuit is half-open, and has no room for another trial call. `until` is the tick at which the newest trial
    /// call reaches its time limit. After this tick, the circuit admits a new trial call.
    Full {
        until: Tick,
    },
    /// The circuit was forced open, and rejects all calls. `wait` is the time, in nanoseconds, that the error of a
    /// rejected call reports. This time is a multiple of 8, because the encoding needs the three low bits for the
    /// state. If `wait` is zero, for example with the option `shadow`, each call takes the lock of the circuit.
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
    /// The success increments a counter, and clears the count of consecutive failures.
    Failing,
    /// The success needs more work, for example because the circuit measures the duration of each call.
    Timed,
}
