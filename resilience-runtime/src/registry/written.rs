//! The options that one place of a program writes about a circuit.

use std::panic::Location;

use crate::base::sync::Arc;
use crate::circuit::settings::Options;

/// The options that one place of the program writes about a circuit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Written {
    pub(crate) options: Options,
    pub(crate) place: &'static Location<'static>,
}

impl Written {
    /// The order of places: of two that write different values, the smaller one wins.
    pub(crate) fn order(&self) -> (&'static str, u32, u32) {
        (self.place.file(), self.place.line(), self.place.column())
    }
}

/// Merges the options of several places; the earlier one wins.
pub(crate) fn merge(written: &[Arc<Written>]) -> Options {
    written.iter().fold(Options::NONE, |sum, next| sum.or(next.options))
}
