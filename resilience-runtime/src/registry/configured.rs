//! Stores the options that a service sets at run time, with their origins.

use std::fmt;
use std::panic::Location;

use crate::base::sync::Arc;

/// The origin of an option that a service sets at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The source position of the call of `configure`.
    Code(&'static Location<'static>),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(place) => place.fmt(f),
        }
    }
}

/// The options of one layer that a service sets at run time. The options of a later change come first, and take
/// precedence.
#[derive(Clone, Debug)]
pub(crate) struct Configured<O>(Option<Arc<[(Origin, O)]>>);

impl<O> Default for Configured<O> {
    fn default() -> Self {
        Self(None)
    }
}

impl<O: Copy> Configured<O> {
    /// Adds the options of a change. An earlier change with an equal origin only keeps the options that `options` does
    /// not set. The function `or` merges two sets of options, of which the first takes precedence.
    pub(crate) fn with(&self, origin: Origin, options: O, or: impl Fn(O, O) -> O) -> Self {
        let (same, others): (Vec<_>, Vec<_>) = self.iter().cloned().partition(|(other, _)| *other == origin);
        let options = same.into_iter().map(|(_, options)| options).fold(options, or);
        Self(Some([(origin, options)].into_iter().chain(others).collect()))
    }

    /// Returns the options of all changes, and `others` for the options that no change sets.
    pub(crate) fn over(&self, others: O, or: impl Fn(O, O) -> O) -> O {
        let changes = self.iter().map(|(_, options)| *options);
        let all = changes.chain([others]).reduce(or);
        all.unwrap_or(others)
    }

    /// Returns the options of each change. The newest change comes first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Origin, O)> {
        self.0.iter().flat_map(|changes| changes.iter())
    }
}
