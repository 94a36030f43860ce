//! Defines [`Written`], the options that one attribute or builder sets.

use std::panic::Location;

use crate::base::sync::Arc;
use crate::circuit::options::{CircuitOption, Options};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Written {
    pub(crate) options: Options,
    /// The source position of the attribute, or of the call that created the builder.
    pub(crate) place: &'static Location<'static>,
}

impl Written {
    /// Returns the sort key of an attribute: file, line and column. If two attributes conflict, the attribute with the
    /// smaller sort key wins.
    pub(crate) fn order(&self) -> (&'static str, u32, u32) {
        (self.place.file(), self.place.line(), self.place.column())
    }
}

/// Merges the options of several attributes and builders. If several elements of `written` set the same option, the
/// first of these elements wins.
pub(crate) fn merge(written: &[Arc<Written>]) -> Options {
    written.iter().fold(Options::NONE, |sum, next| sum.or(next.options))
}

/// Returns the first element of `written` whose value of `option` takes effect. Ignores an element whose value a
/// contradiction has left out.
pub(crate) fn source(written: &[Arc<Written>], option: CircuitOption) -> Option<&Written> {
    let mut sum = Options::NONE;
    let found = written.iter().find(|next| {
        sum = sum.or(next.options);
        sum.get(option).is_some()
    });
    found.map(|written| &**written)
}
