//! A circuit: what opens it, what a call counts as, and whose breaker it is.

mod acceptance;
mod cancellation;
mod clocks;
mod differences;
mod trip_rules;
mod with;
