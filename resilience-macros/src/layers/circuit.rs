mod emit;
mod grammar;
mod rules;

pub(crate) use self::grammar::{Breaker, Circuit, Judge};
