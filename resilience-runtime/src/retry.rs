//! Implements retries: further attempts of a call after a failed attempt.

pub(crate) mod attempts;
pub(crate) mod backoff;
pub(crate) mod budget;
pub(crate) mod builder;
mod called;
pub(crate) mod end;
pub(crate) mod events;
mod functions;
pub(crate) mod held;
mod hint;
mod hook;
mod judged;
pub(crate) mod layer;
pub(crate) mod nested;
mod of_ok;
pub(crate) mod policy;
pub(crate) mod rules;
pub(crate) mod schedule;
pub(crate) mod start;
