//! Circuits: trip rules, outcomes of calls, cancellation, clocks, and breakers that the caller holds.

mod acceptance;
mod cancellation;
mod clocks;
mod differences;
mod trip_rules;
mod with;
