//! What the library tells, as `tracing` events of the target `resilience`.
//!
//! Callers have published the new state and hold no lock: a subscriber may call back into the library.

use std::fmt::{self, Display, Write};
use std::time::Duration;

use tracing::field::{DisplayValue, display};
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::{Level, debug, info, warn};

use crate::base::clock::Tick;
use crate::base::name::Name;
use crate::circuit::error::{CircuitConflict, whole_seconds};

const TARGET: &str = "resilience";

/// The longest text of an error in an event, in characters.
const ERROR_CHARS: usize = 50;

/// Somebody may listen to the events of single calls.
///
/// That is read off the levels and not asked of the subscriber: one with filters for each layer takes the answer for a
/// promise that the event follows at once, and loses the next one otherwise (tokio-rs/tracing#2519).
#[inline]
pub(crate) fn debug_wanted() -> bool {
    Level::DEBUG <= STATIC_MAX_LEVEL && Level::DEBUG <= LevelFilter::current()
}

pub(crate) fn opened(name: &Name, reason: &str, failures: u64, error: Option<&dyn Display>) {
    warn!(name: "circuit_opened", target: TARGET, circuit = %name, reason, failures, error = excerpt(error), "circuit_opened");
}

pub(crate) fn half_open(name: &Name) {
    info!(name: "circuit_half_open", target: TARGET, circuit = %name, "circuit_half_open");
}

pub(crate) fn closed(name: &Name) {
    info!(name: "circuit_closed", target: TARGET, circuit = %name, reason = "recovery", "circuit_closed");
}

pub(crate) fn reset(name: &Name) {
    info!(name: "circuit_reset", target: TARGET, circuit = %name, "circuit_reset");
}

pub(crate) fn forced_open(name: &Name) {
    warn!(name: "circuit_forced_open", target: TARGET, circuit = %name, "circuit_forced_open");
}

pub(crate) fn disabled(name: &Name) {
    warn!(name: "circuit_disabled", target: TARGET, circuit = %name, "circuit_disabled");
}

pub(crate) fn trial_expired(name: &Name, trials: u32) {
    info!(name: "trial_expired", target: TARGET, circuit = %name, trials, "trial_expired");
}

pub(crate) fn conflict(conflict: &CircuitConflict) {
    let CircuitConflict { name, option, values: [kept, ignored], places: [kept_at, ignored_at] } = conflict;
    let name = name.escape_debug();
    warn!(name: "circuit_conflict", target: TARGET, circuit = %name, option, kept, kept_at, ignored, ignored_at, "circuit_conflict");
}

#[cold]
pub(crate) fn rejected(name: &Name, wait: Duration) {
    debug!(
        name: "circuit_rejected",
        target: TARGET,
        circuit = %name,
        cooldown_remaining = whole_seconds(wait),
        "circuit_rejected"
    );
}

#[cold]
pub(crate) fn success(name: &Name, started: Option<Tick>) {
    debug!(name: "circuit_success", target: TARGET, circuit = %name, duration_ms = millis(started), "circuit_success");
}

#[cold]
pub(crate) fn failure(name: &Name, started: Option<Tick>, error: Option<&dyn Display>) {
    debug!(
        name: "circuit_failure",
        target: TARGET,
        circuit = %name,
        duration_ms = millis(started),
        error = excerpt(error),
        "circuit_failure"
    );
}

/// Another attempt follows after a pause, or none for this reason.
#[cold]
pub(crate) fn retry(func: &str, attempt: u32, next: Result<Duration, &str>, error: Option<&dyn Display>) {
    let error = excerpt(error);
    match next.map(|delay| delay.as_secs_f64()) {
        Ok(delay) => debug!(name: "retry_attempt", target: TARGET, func, attempt, delay, error, "retry_attempt"),
        Err(reason) => debug!(name: "retry_exhausted", target: TARGET, func, attempt, reason, error, "retry_exhausted"),
    }
}

#[cold]
pub(crate) fn timed_out(func: &str, after: Duration) {
    debug!(name: "timed_out", target: TARGET, func, after = after.as_secs_f64(), "timed_out");
}

#[cold]
pub(crate) fn bulkhead_full(name: &Name, max: u32) {
    debug!(name: "bulkhead_full", target: TARGET, bulkhead = %name, max, "bulkhead_full");
}

#[cold]
pub(crate) fn rate_limited(name: &Name, retry_after: Duration) {
    debug!(name: "rate_limited", target: TARGET, rate_limit = %name, retry_after = retry_after.as_secs_f64(), "rate_limited");
}

#[cold]
pub(crate) fn hedged(func: &str, attempt: u32) {
    debug!(name: "hedged", target: TARGET, func, attempt, "hedged");
}

#[cold]
pub(crate) fn fell_back(func: &str, error: Option<&dyn Display>) {
    debug!(name: "fell_back", target: TARGET, func, error = excerpt(error), "fell_back");
}

fn millis(started: Option<Tick>) -> Option<u64> {
    started.map(|started| u64::try_from(Tick::now().since(started).as_millis()).unwrap_or(u64::MAX))
}

fn excerpt(error: Option<&dyn Display>) -> Option<DisplayValue<Excerpt<'_>>> {
    error.map(|error| display(Excerpt(error)))
}

/// The first characters of what an error shows.
struct Excerpt<'a>(&'a dyn Display);

impl Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Cut { to: f, left: ERROR_CHARS }, "{}", self.0)
    }
}

/// Lets the first characters through and swallows the rest: an error here would look to the user's `Display` like a
/// broken writer.
struct Cut<'a, 'b> {
    to: &'a mut fmt::Formatter<'b>,
    left: usize,
}

impl Write for Cut<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match text.char_indices().nth(self.left) {
            Some((end, _)) => {
                self.left = 0;
                self.to.write_str(&text[..end])
            }
            None => {
                self.left -= text.chars().count();
                self.to.write_str(text)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_ends_on_a_character() {
        for (text, shown) in [
            ("", ""),
            ("Service down", "Service down"),
            (&"ü".repeat(50), &*"ü".repeat(50)),
            (&"ü".repeat(51), &*"ü".repeat(50)),
            (&"🦀".repeat(5000), &*"🦀".repeat(50)),
        ] {
            assert_eq!(Excerpt(&text).to_string(), shown);
            assert_eq!(
                Excerpt(&format_args!("{text}{text}")).to_string().chars().count(),
                (2 * text.chars().count()).min(50)
            );
        }
    }
}
