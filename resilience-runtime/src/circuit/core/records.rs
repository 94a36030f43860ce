//! Defines the numbers of a breaker that only the metrics show.

use once_cell::race::OnceBox;

use crate::circuit::core::durations::Durations;
use crate::circuit::core::transitions::Transitions;

/// The numbers of a breaker that only the metrics show. A breaker allocates this value at the first change of its
/// state.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) transitions: Transitions,
    /// The durations of calls. The first call of a circuit with the option `durations` allocates this value.
    pub(crate) durations: OnceBox<Durations>,
}
