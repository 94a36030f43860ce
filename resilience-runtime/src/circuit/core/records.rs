//! Defines the counts of state changes and the durations of calls of a breaker.

use once_cell::race::OnceBox;

use crate::circuit::core::durations::Durations;
use crate::circuit::core::transitions::Transitions;

/// The counts of state changes and the durations of calls of a breaker. The breaker allocates this struct at the first
/// change of its state, or at the end of the first call with the option `durations`.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) transitions: Transitions,
    /// The durations of calls, allocated at the end of the first call with the option `durations`.
    pub(crate) durations: OnceBox<Durations>,
}
