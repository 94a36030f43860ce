mod emit;
mod grammar;
mod rules;

pub(crate) use self::grammar::Retry;
