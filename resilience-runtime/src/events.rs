//! Defines the macro [`event`], which emits each event of this crate with `tracing`. Also defines the target, the check
//! of the level, and the field `error` of these events.
//!
//! This crate emits an event after all threads can see the reported change, and while no lock is held. A subscriber of
//! events may therefore call functions of this crate.

pub(crate) mod hub;
#[cfg(feature = "test-util")]
pub(crate) mod record;
pub(crate) mod subscribe;
pub(crate) mod value;

use std::fmt::{self, Display, Write};

use tracing::Level;
use tracing::field::{DisplayValue, display};
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};

#[cfg(feature = "test-util")]
use crate::base::scope::Scope;

pub(crate) const TARGET: &str = "resilience";

/// The maximum length of the field `error` in an event, in characters.
const ERROR_CHARS: usize = 50;

/// Emits an event with `tracing`, at the level `$level`, and passes the event to the subscribers of this crate.
macro_rules! event {
    ($level:ident, $name:literal $(, $field:ident $(= $value:expr)?)* $(,)?) => {{
        $($(let $field = $value;)?)*
        $crate::events::traced!($level, $name, $($field),*);
        if $crate::events::hub::wants_all() {
            $crate::events::deliver!($name, None, $($field),*);
        }
    }};
}
pub(crate) use event;

/// Works like [`event`], for a change of the state of a circuit from `$from` to `$to`.
macro_rules! transition {
    ($from:expr => $to:expr, $level:ident, $name:literal $(, $field:ident $(= $value:expr)?)* $(,)?) => {{
        $($(let $field = $value;)?)*
        $crate::events::traced!($level, $name, $($field),*);
        if $crate::events::hub::wants_transitions() {
            $crate::events::deliver!($name, Some(($from, $to)), $($field),*);
        }
    }};
}
pub(crate) use transition;

macro_rules! traced {
    ($level:ident, $name:literal, $($field:ident),*) => {
        tracing::$level!(name: $name, target: $crate::events::TARGET, $($field,)* $name)
    };
}
pub(crate) use traced;

macro_rules! deliver {
    ($name:literal, $transition:expr, $($field:ident),*) => {{
        let fields = [$((stringify!($field), $crate::events::value::Text::text(&$field))),*];
        $crate::events::hub::Hub::current().deliver($crate::events::value::Event::new($name, fields, $transition));
    }};
}
pub(crate) use deliver;

/// Returns whether any subscriber might receive DEBUG events, which report single calls. An isolated test records these
/// events.
///
/// This function does not call the macro `tracing::enabled!`, because some subscribers would lose an event
/// (tokio-rs/tracing#2519). A subscriber with per-layer filters expects an event right after each use of
/// `tracing::enabled!`. If no event follows, the subscriber loses its next event.
#[inline]
pub(crate) fn debug_wanted() -> bool {
    Level::DEBUG <= STATIC_MAX_LEVEL && Level::DEBUG <= LevelFilter::current() || hub::wants_all()
}

/// Returns whether an isolated test records the events of this thread.
#[inline]
pub(crate) fn is_recorded() -> bool {
    #[cfg(feature = "test-util")]
    return Scope::current().is_some();
    #[cfg(not(feature = "test-util"))]
    false
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
