//! Events of the target `resilience`.
//!
//! Callers have published the new state and hold no lock: a subscriber may call back into the library.

use std::fmt::{self, Display, Write};

use tracing::Level;
use tracing::field::{DisplayValue, display};
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

pub(crate) const TARGET: &str = "resilience";

/// The longest text of an error in an event, in characters.
const ERROR_CHARS: usize = 50;

/// Returns whether a subscriber may listen to the events of single calls.
///
/// That is read off the levels and not asked of the subscriber: one with filters for each layer takes the answer for a
/// promise that the event follows at once, and loses the next one otherwise (tokio-rs/tracing#2519).
#[inline]
pub(crate) fn debug_wanted() -> bool {
    Level::DEBUG <= STATIC_MAX_LEVEL && Level::DEBUG <= LevelFilter::current()
}

pub(crate) fn excerpt(error: Option<&dyn Display>) -> Option<DisplayValue<Excerpt<'_>>> {
    error.map(|error| display(Excerpt(error)))
}

/// The first characters of what an error shows.
pub(crate) struct Excerpt<'a>(&'a dyn Display);

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
