//! Tools that every layer uses. They do not depend on a layer.

pub(crate) mod clock;
pub(crate) mod config_error;
pub(crate) mod interner;
pub(crate) mod name;
pub(crate) mod not_made;
pub(crate) mod outcome;
pub(crate) mod packed;
pub(crate) mod random;
pub(crate) mod still_open;
pub(crate) mod sync;
