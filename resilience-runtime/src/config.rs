//! Reads settings from files and from the environment.

pub(crate) mod apply;
#[expect(clippy::module_inception, reason = "the file of the type `Config`")]
pub(crate) mod config;
mod deserialize;
pub(crate) mod dump;
mod environment;
mod events;
mod file;
pub(crate) mod mistake;
mod parse;
mod section;
mod target;
pub(crate) mod watch;
