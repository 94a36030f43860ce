//! Defines the counts of state changes and the durations of calls of a breaker.

use once_cell::race::OnceBox;

use crate::circuit::core::durations::Durations;
use crate::circuit::core::transitions::Transitions;

/// The counts of state changes and the durations of calls of a breaker. A breaker allocates this value at the first
/// change of its state, or at the first call with the option `durations`.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) transitions: Transitions,
    /// The durations of calls. The first call of a circuit with the option `durations` allocates this value.
    pub(crate) durations: OnceBox<Durations>,
}
