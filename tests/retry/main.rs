//! Tests retries: their options, their budgets, and the errors that end them.

mod budget;
mod failover;
mod foreign_rejections;
mod nested;
mod open_circuits;
mod options;
mod policy;
mod retry_after;
