//! Defines [`Records`], the part of a breaker that most breakers never allocate.

use once_cell::race::OnceBox;

use crate::circuit::core::durations::Durations;
use crate::circuit::core::transitions::Transitions;

/// Counts the state changes of a breaker, and the durations of its calls. A breaker allocates this struct at the first
/// change of its state, or at the end of the first call with the option `durations`.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) transitions: Transitions,
    /// The durations of calls, allocated at the end of the first call with the option `durations`.
    pub(crate) durations: OnceBox<Durations>,
}
