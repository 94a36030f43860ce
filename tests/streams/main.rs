//! Tests streams that a circuit or a bulkhead watches, and time limits of streams. These tests need the feature
//! `stream`.

mod attribute;
mod limited;
mod model;
mod script;
mod watch;
