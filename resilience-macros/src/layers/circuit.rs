//! Implements `#[circuit]`, which rejects calls to a failing service.

mod emit;
mod grammar;
mod options;
mod rules;

pub(crate) use self::grammar::ATTRIBUTE;
