//! Tests retries: their options and budgets, retries inside retries, and the errors and rejections that end a retry.

mod budget;
mod end_of_cooldown;
mod failover;
mod foreign_rejections;
mod header;
mod held;
mod nested;
mod of_ok;
mod open_circuits;
mod options;
mod permits_between_threads;
mod policy;
mod retry_after;
mod several_circuits;
mod stacked;
mod ways_to_fail;
