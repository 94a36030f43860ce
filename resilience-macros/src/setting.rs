use std::time::Duration;

use proc_macro2::Ident;

/// The settings that an attribute writes, under their names.
pub(crate) type Settings = Vec<(Ident, Setting)>;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Setting {
    Count(u32),
    Time(Duration),
    Number(f64),
    Flag(bool),
    /// A variant of the runtime's `Jitter`.
    Jitter(&'static str),
}
