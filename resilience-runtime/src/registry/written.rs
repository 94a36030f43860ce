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

/// Merges the options of several places; the earlier one wins.
pub(crate) fn merge(written: &[Arc<Written>]) -> Options {
    written.iter().fold(Options::NONE, |sum, next| sum.or(next.options))
}
