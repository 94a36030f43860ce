//! Implements `#[retry]`, which repeats a call after a failed attempt.

mod emit;
mod grammar;
mod options;
mod rules;

pub(crate) use self::grammar::ATTRIBUTE;
