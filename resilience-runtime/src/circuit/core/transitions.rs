//! Counts the state changes of a circuit, for each pair of a former state and a cause.

use crate::base::sync::statics::{AtomicU32, Ordering};
use crate::circuit::core::state::CircuitState;

/// The cause of a state change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Threshold,
    FailureRate,
    SlowRate,
    /// A trial call of the half-open circuit failed or was slow.
    Trial,
    /// The user called `trip`.
    Trip,
    /// The first call after the cooldown was admitted as a trial call.
    Cooldown,
    /// Enough trial calls succeeded.
    Recovery,
    Reset,
    ForceOpen,
    Disable,
    /// The function `restore` replaced the state of the circuit by the state in a snapshot. [`Transitions`] does not
    /// count this change, because the process that created the snapshot has already counted the opening of the circuit.
    #[cfg(feature = "serde")]
    Restore,
}

impl Cause {
    pub(crate) const ALL: [Self; 10] = [
        Self::Threshold,
        Self::FailureRate,
        Self::SlowRate,
        Self::Trial,
        Self::Trip,
        Self::Cooldown,
        Self::Recovery,
        Self::Reset,
        Self::ForceOpen,
        Self::Disable,
    ];

    /// Returns the word that represents this cause in events and metrics.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::FailureRate => "failure_rate",
            Self::SlowRate => "slow_rate",
            Self::Trial => "half_open_failure",
            Self::Trip | Self::ForceOpen | Self::Disable => "manual",
            Self::Cooldown => "cooldown",
            Self::Recovery => "recovery",
            Self::Reset => "reset",
            #[cfg(feature = "serde")]
            Self::Restore => "restore",
        }
    }

    /// Returns the state after a change with this cause.
    pub(crate) const fn to(self) -> CircuitState {
        match self {
            Self::Threshold | Self::FailureRate | Self::SlowRate | Self::Trial | Self::Trip => CircuitState::Open,
            Self::Cooldown => CircuitState::HalfOpen,
            Self::Recovery | Self::Reset => CircuitState::Closed,
            Self::ForceOpen => CircuitState::ForcedOpen,
            Self::Disable => CircuitState::Disabled,
            // This value is never used, because the counters leave out this cause.
            #[cfg(feature = "serde")]
            Self::Restore => CircuitState::Closed,
        }
    }
}

/// All states, in the order of the declaration of the enum.
pub(crate) const STATES: [CircuitState; 5] = [
    CircuitState::Closed,
    CircuitState::Open,
    CircuitState::HalfOpen,
    CircuitState::ForcedOpen,
    CircuitState::Disabled,
];

/// The number of state changes for each pair of a former state and a cause. The first index is a [`CircuitState`], and
/// the second index is a [`Cause`].
pub(crate) type TransitionCounts = [[u64; Cause::ALL.len()]; STATES.len()];

/// Counts the state changes of one circuit. The counters change only under the lock of the breaker. Each counter has
/// only 32 bits, which saves memory in a program with many circuits.
#[derive(Debug, Default)]
pub(crate) struct Transitions([[AtomicU32; Cause::ALL.len()]; STATES.len()]);

impl Transitions {
    pub(crate) fn add(&self, from: CircuitState, cause: Cause) {
        if let Some(count) = self.0[from as usize].get(cause as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn counts(&self) -> TransitionCounts {
        self.0.each_ref().map(|causes| causes.each_ref().map(|count| count.load(Ordering::Relaxed).into()))
    }

    /// Returns the number of times that the circuit opened.
    pub(crate) fn opened(&self) -> u64 {
        let opens = |cause: &Cause| cause.to() == CircuitState::Open;
        let opened = |causes: &[AtomicU32; Cause::ALL.len()]| {
            Cause::ALL
                .into_iter()
                .filter(opens)
                .map(|cause| u64::from(causes[cause as usize].load(Ordering::Relaxed)))
                .sum::<u64>()
        };
        self.0.iter().map(opened).sum()
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn states_and_causes_are_listed_in_the_order_of_their_numbers() {
        assert!(STATES.iter().enumerate().all(|(index, state)| *state as usize == index));
        assert!(Cause::ALL.iter().enumerate().all(|(index, cause)| *cause as usize == index));
    }
}
