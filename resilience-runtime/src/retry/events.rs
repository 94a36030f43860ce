//! Emits the `tracing` events of a retry.

use std::fmt::Display;
use std::time::Duration;

use crate::events::{event, excerpt};
use crate::retry::end::End;

/// Emits the event that reports a failed attempt. `next` is the pause before the next attempt, or the reason why no
/// further attempt follows.
#[cold]
pub(crate) fn retry(func: &str, attempt: u32, next: Result<Duration, End>, error: Option<&dyn Display>) {
    let error = excerpt(error);
    match next.map(|delay| delay.as_secs_f64()).map_err(End::reason) {
        Ok(delay) => event!(debug, "retry_attempt", func, attempt, delay, error),
        Err(None) => event!(debug, "retry_exhausted", func, attempt, error),
        Err(Some(reason)) => {
            event!(debug, "retry_gave_up", func, attempt, reason, error);
        }
    }
}
