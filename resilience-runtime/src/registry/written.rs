//! The options that one attribute or builder sets.

use std::panic::Location;

use crate::base::sync::Arc;
use crate::circuit::settings::Options;

/// The options that one place sets. A place is the source position of an attribute or a builder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Written {
    pub(crate) options: Options,
    pub(crate) place: &'static Location<'static>,
}

impl Written {
    /// Returns the key by which places are sorted. If two places set one option, the smaller place wins.
    pub(crate) fn order(&self) -> (&'static str, u32, u32) {
        (self.place.file(), self.place.line(), self.place.column())
    }
}

/// Merges the options of several places. The earlier place wins.
pub(crate) fn merge(written: &[Arc<Written>]) -> Options {
    written.iter().fold(Options::NONE, |sum, next| sum.or(next.options))
}
