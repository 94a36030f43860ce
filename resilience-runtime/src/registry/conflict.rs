//! Finds and reports conflicts: contradictory options that two attributes or builders set for one circuit.

use std::panic::Location;

use thiserror::Error;

use tracing::field::display;

use crate::base::config_error::Value;
use crate::base::sync::Arc;
use crate::circuit::options::CircuitOption;
use crate::events::event;
use crate::registry::written::{Written, merge, source};

/// Describes two contradictory settings of one circuit. [`check_circuits`](crate::check_circuits) returns all such
/// conflicts.
///
/// ```standalone_crate
/// use resilience_runtime::{check_circuits, circuit};
///
/// #[circuit(name = "conflict_example", threshold = 3)]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// #[circuit(name = "conflict_example", threshold = 5)]
/// async fn tell() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # if cfg!(not(feature = "declare")) { ask().await.unwrap(); tell().await.unwrap() }
/// let conflicts = check_circuits().unwrap_err();
/// assert_eq!((conflicts[0].option, conflicts[0].values.join(" or ").as_str()), ("threshold", "3 or 5"));
/// println!("{}", conflicts[0]);
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "circuit '{}': `{option}` is {} at {}, but {} at {}",
    name.escape_debug(), values[0], places[0], values[1], places[1]
)]
#[non_exhaustive]
pub struct CircuitConflict {
    /// The name of the circuit.
    pub name: String,
    /// The name of the option with two values. The option is `key` if attributes use the name of the circuit both with
    /// and without `key`.
    pub option: &'static str,
    /// The two values of the option, as text. The first value takes effect. For the option `key`, both values take
    /// effect: all calls without a key share one circuit, and each key has its own circuit.
    ///
    /// If two options cannot be combined, the first text is `absent`, or describes the allowed values, such as `at
    /// least 60s`.
    pub values: [String; 2],
    /// The source positions of the two values, as `file:line:column`, or `a preset` for a preset (a ready-made
    /// circuit).
    pub places: [String; 2],
}

/// The options that decide when a circuit opens. Some of these options exclude each other. If two attributes of one
/// circuit set options that exclude each other, the second attribute's options from this list do not take effect. The
/// [`CircuitConflict`] then names the first option in this list that only the second attribute sets.
const RULE: [CircuitOption; 7] = [
    CircuitOption::FailureRate,
    CircuitOption::SlowRate,
    CircuitOption::Threshold,
    CircuitOption::Window,
    CircuitOption::Calls,
    CircuitOption::MinCalls,
    CircuitOption::SlowCall,
];

/// Compares the options `next` of one attribute or builder with the options `before` of other attributes and builders.
/// Returns a conflict for each option that `next` sets to a different value. If the options in `next` and `before`
/// cannot be combined, also returns a conflict for the first option of `next` that has no effect. Ignores an option in
/// `before` that an earlier contradiction has left out, because its value does not take effect.
pub(crate) fn conflicts(name: &str, before: &[Arc<Written>], next: &Written) -> Vec<CircuitConflict> {
    let conflict = |option: CircuitOption, kept: String, value: Value, place: &Location<'_>| CircuitConflict {
        name: name.to_owned(),
        option: option.as_str(),
        values: [kept, value.to_string()],
        places: [place.to_string(), next.place.to_string()],
    };
    let first = |option| source(before, option).and_then(|other| Some((other.options.get(option)?, other.place)));
    let mut found = Vec::new();
    next.options.each(|option, value| {
        if let Some((kept, place)) = first(option).filter(|(kept, _)| *kept != value) {
            found.push(conflict(option, kept.to_string(), value, place));
        }
    });
    let earlier = merge(before);
    if let Some((option, kept, value)) = earlier.too_long_with(next.options) {
        let other = match option {
            CircuitOption::Cooldown => CircuitOption::MaxCooldown,
            _ => CircuitOption::Cooldown,
        };
        found.extend(first(other).map(|(_, place)| conflict(option, kept, value, place)));
    }
    if earlier.mixed_with(next.options).is_some() {
        let new = RULE.into_iter().find_map(|option| match earlier.get(option) {
            None => Some((option, next.options.get(option)?)),
            Some(_) => None,
        });
        let place = before.first().map(|first| first.place);
        found
            .extend(new.zip(place).map(|((option, value), place)| conflict(option, "absent".to_owned(), value, place)));
    }
    found
}

/// Returns the conflicts between the elements of `places`, which are the attributes and builders of the circuit `name`.
/// If two elements conflict, the first element takes effect.
pub(crate) fn conflicts_among(name: &str, places: &[Arc<Written>]) -> impl Iterator<Item = CircuitConflict> {
    (1..places.len()).flat_map(move |index| conflicts(name, &places[..index], &places[index]))
}

/// Returns the conflict of a name that is used both with and without the option `key`. `circuit` lists the attributes
/// and builders without `key`, and `family` lists the attributes and builders with `key`. If `circuit` is empty, a
/// preset (a ready-made circuit) uses the name without `key`.
pub(crate) fn conflict_of_kinds(name: &str, circuit: &[Arc<Written>], family: &[Arc<Written>]) -> CircuitConflict {
    let place = |written: &Arc<Written>| written.place.to_string();
    let kind = |value: &str, place: Option<String>| (value.to_owned(), place.unwrap_or_else(|| "a preset".to_owned()));
    let mut kinds = [kind("present", family.first().map(place)), kind("absent", circuit.first().map(place))];
    if let (Some(circuit), Some(family)) = (circuit.first(), family.first()) {
        if circuit.order() < family.order() {
            kinds.reverse();
        }
    }
    let [(kept, kept_at), (ignored, ignored_at)] = kinds;
    CircuitConflict { name: name.to_owned(), option: "key", values: [kept, ignored], places: [kept_at, ignored_at] }
}

pub(crate) fn emit(conflict: &CircuitConflict) {
    let CircuitConflict { name, option, values: [kept, ignored], places: [kept_at, ignored_at] } = conflict;
    let name = name.escape_debug();
    event!(warn, "circuit_conflict", circuit = display(name), option, kept, kept_at, ignored, ignored_at);
}
