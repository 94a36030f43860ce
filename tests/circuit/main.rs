//! Tests circuits: trip rules, cooldowns, outcomes of calls, cancellation, clocks, and breakers that the user creates.

mod acceptance;
mod calls_in_options;
mod calls_within_calls;
mod cancellation;
mod classifier;
mod clocks;
mod concurrency;
mod cooldown;
mod count_requests;
mod differences;
mod expressions;
mod hidden;
mod hung;
mod hung_after_queue;
mod options_in_trials;
mod trial_limit;
mod trip_rules;
mod user_code;
mod with;
