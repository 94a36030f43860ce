//! Defines the numbers of a breaker that only the metrics show.

use crate::circuit::core::transitions::Transitions;

/// The numbers of a breaker that only the metrics show. A breaker allocates this value at the first change of its
/// state.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pub(crate) transitions: Transitions,
}
