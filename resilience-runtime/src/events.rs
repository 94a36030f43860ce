//! Re-exports the macros [`event`] and [`transition`], which emit the events of this crate. Also defines the `tracing`
//! target and the field `error` of these events, and the function [`debug_wanted`].
//!
//! This crate emits an event only after the change that the event reports is visible to all threads. The crate holds no
//! lock while it emits an event. A subscriber of events may therefore call functions of this crate.

pub(crate) mod emit;
pub(crate) mod hub;
#[cfg(feature = "test-util")]
pub(crate) mod record;
pub(crate) mod subscribe;
pub(crate) mod value;

use std::fmt::{self, Display, Write};

use tracing::Level;
use tracing::field::{DisplayValue, display};
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

pub(crate) use crate::events::emit::{event, transition};

pub(crate) const TARGET: &str = "resilience";

/// The largest number of characters of an error's text that an event contains.
const ERROR_CHARS: usize = 50;

/// Returns whether any subscriber might receive DEBUG events, which report single calls. Always returns true in an
/// isolated test (a test with its own circuits), because the test records these events.
///
/// This function does not call the macro `tracing::enabled!`. After this macro, a subscriber with per-layer filters
/// could lose its next event (tokio-rs/tracing#2519).
#[inline]
pub(crate) fn debug_wanted() -> bool {
    Level::DEBUG <= STATIC_MAX_LEVEL && Level::DEBUG <= LevelFilter::current() || hub::wants_all()
}

/// Returns the value of the field `error`: the first 50 characters of the error's text.
pub(crate) fn excerpt(error: Option<&dyn Display>) -> Option<DisplayValue<Excerpt<'_>>> {
    error.map(|error| display(Excerpt(error)))
}

/// Displays the first 50 characters of an error's text, with control characters escaped.
pub(crate) struct Excerpt<'a>(&'a dyn Display);

impl Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Cut { to: f, left: ERROR_CHARS }, "{}", self.0)
    }
}

/// A writer that passes the first `left` characters to `to`, and discards all later characters. The writer escapes
/// control characters, so that an error with a line break does not look like two events in a log.
///
/// The writer returns `Ok` for discarded text, because an error would make the user's `Display` fail.
struct Cut<'a, 'b> {
    to: &'a mut fmt::Formatter<'b>,
    left: usize,
}

impl Write for Cut<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for char in text.chars() {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            if char.is_control() { write!(self.to, "{}", char.escape_debug())? } else { self.to.write_char(char)? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_ends_on_character_boundary() {
        for (text, shown) in [
            ("", ""),
            ("Service down", "Service down"),
            ("no answer\n\tat \u{1b}[31mhost\r\n", "no answer\\n\\tat \\u{1b}[31mhost\\r\\n"),
            (&"ü".repeat(50), &*"ü".repeat(50)),
            (&"ü".repeat(51), &*"ü".repeat(50)),
            (&"🦀".repeat(5000), &*"🦀".repeat(50)),
        ] {
            assert_eq!(Excerpt(&text).to_string(), shown);
        }
        for (text, times) in [("ü", 30), ("🦀", 5000)] {
            let text = text.repeat(times);
            assert_eq!(Excerpt(&format_args!("{text}{text}")).to_string().chars().count(), 50);
        }
    }
}
