//! `#[retry]` repeats a call that failed.

mod emit;
mod grammar;
mod options;
mod rules;

pub(crate) use self::grammar::ATTRIBUTE;
