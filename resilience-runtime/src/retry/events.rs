//! Emits the `tracing` events of a retry.

use std::fmt::Display;
use std::time::Duration;

use tracing::debug;

use crate::events::{TARGET, excerpt};
use crate::retry::end::End;

/// Emits the event that reports a failed attempt. `next` is the pause before the next attempt, or the reason why no
/// further attempt follows.
#[cold]
pub(crate) fn retry(func: &str, attempt: u32, next: Result<Duration, End>, error: Option<&dyn Display>) {
    let error = excerpt(error);
    match next.map(|delay| delay.as_secs_f64()).map_err(End::reason) {
        Ok(delay) => debug!(name: "retry_attempt", target: TARGET, func, attempt, delay, error, "retry_attempt"),
        Err(None) => debug!(name: "retry_exhausted", target: TARGET, func, attempt, error, "retry_exhausted"),
        Err(Some(reason)) => {
            debug!(name: "retry_gave_up", target: TARGET, func, attempt, reason, error, "retry_gave_up");
        }
    }
}
