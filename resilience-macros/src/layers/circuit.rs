//! Implements `#[circuit]`, which rejects calls to a service that fails.

mod emit;
mod grammar;
mod options;
mod rules;

pub(crate) use self::grammar::ATTRIBUTE;
