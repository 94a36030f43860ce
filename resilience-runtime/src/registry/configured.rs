//! Stores the changes of options at run time, and the origin of each change.

#[cfg(feature = "config")]
use std::fmt;
use std::panic::Location;

use crate::base::sync::Arc;

/// The origin of a change at run time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The source position of the call of `configure`, `configure_retry` or a similar function.
    Code(&'static Location<'static>),
    /// The environment or a file, with the place of each option.
    #[cfg(feature = "config")]
    Places(Source, Arc<[(&'static str, Place)]>),
}

/// The kind of an origin. If several origins set an option, the origin whose variant comes first in this enum wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg(feature = "config")]
pub(crate) enum Source {
    Code,
    Environment,
    File,
}

/// The place of one option in a file or in the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg(feature = "config")]
pub(crate) enum Place {
    /// The path of the file and the number of the line, from 1. The path is `None` for settings that the program passes
    /// as text.
    Line(Option<Arc<str>>, usize),
    /// The name of an environment variable.
    Variable(Arc<str>),
    /// An unknown place, because `serde` deserialized the value without its position.
    Deserialized,
}

#[cfg(feature = "config")]
impl Origin {
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Code(_) => Source::Code,
            Self::Places(source, _) => *source,
        }
    }

    /// Returns the place at which this origin sets `option`, as text.
    pub(crate) fn of(&self, option: &'static str) -> String {
        match self {
            Self::Code(place) => place.to_string(),
            Self::Places(_, places) => {
                let place = places.iter().find(|(known, _)| *known == setting(option));
                place.map(|(_, place)| place.to_string()).unwrap_or_default()
            }
        }
    }
}

#[cfg(feature = "config")]
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(Some(file), line) => write!(f, "{}:{line}", file.escape_debug()),
            Self::Line(None, line) => write!(f, "line {line}"),
            Self::Variable(name) => write!(f, "{}", name.escape_debug()),
            Self::Deserialized => f.write_str("deserialized"),
        }
    }
}

/// Returns the name that files and the environment use for an option. `option` is the name in a
/// [`ConfigError`](crate::ConfigError). In an attribute such as `#[timeout(5)]`, the time has no option name. Errors
/// therefore use the name `timeout`, but files use `after`.
#[cfg(feature = "config")]
pub(crate) fn setting(option: &'static str) -> &'static str {
    if option == "timeout" { "after" } else { option }
}

/// The changes that were made to one layer at run time. The newest change by a function such as `configure` comes
/// first, and wins. The changes from the environment come next, and the changes from a file come last.
#[derive(Clone, Debug)]
pub(crate) struct Configured<O>(Option<Arc<[(Origin, O)]>>);

impl<O> Default for Configured<O> {
    fn default() -> Self {
        Self(None)
    }
}

impl<O: Copy + PartialEq> Configured<O> {
    /// Returns a copy with one more change by a function such as `configure`, in front of all others. `over` merges two
    /// sets of options, and the first set wins. `take` removes each option from its first argument that its second
    /// argument sets, and returns the removed options.
    ///
    /// All changes by such functions count as one origin. The method therefore merges the new change over the sum of
    /// the earlier changes. Each change keeps only those of its options that are left in this sum, and that no newer
    /// change sets. A change without such an option is left out.
    pub(crate) fn with(
        &self,
        origin: Origin,
        options: O,
        over: impl Fn(O, O) -> O,
        take: impl Fn(&mut O, O) -> O,
    ) -> Self {
        let is_code = |origin: &Origin| matches!(origin, Origin::Code(_));
        let earlier = self.iter().filter(|(origin, _)| is_code(origin)).map(|(_, options)| *options).reduce(&over);
        let mut left = earlier.map_or(options, |earlier| over(options, earlier));
        let all = [(origin, options)].into_iter().chain(self.iter().cloned());
        let all = all.filter_map(|(origin, options)| {
            if !is_code(&origin) {
                return Some((origin, options));
            }
            let before = left;
            let options = take(&mut left, options);
            (left != before).then_some((origin, options))
        });
        Self(Some(all.collect()))
    }

    /// Returns a copy in which `new` replaces the change from `source` (the environment or a file).
    #[cfg(feature = "config")]
    pub(crate) fn replaced(&self, source: Source, new: Option<&(Origin, O)>) -> Self {
        let others = self.iter().filter(|(origin, _)| origin.source() != source);
        let mut all: Vec<_> = others.chain(new).cloned().collect();
        all.sort_by_key(|(origin, _)| origin.source());
        Self((!all.is_empty()).then(|| all.into_iter().collect()))
    }

    /// Merges all changes. For an option that no change sets, uses the value in `others`.
    pub(crate) fn over(&self, others: O, or: impl Fn(O, O) -> O) -> O {
        let changes = self.iter().map(|(_, options)| *options);
        let all = changes.chain([others]).reduce(or);
        all.unwrap_or(others)
    }

    /// Returns each change, in order of precedence.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Origin, O)> {
        self.0.iter().flat_map(|changes| changes.iter())
    }
}
