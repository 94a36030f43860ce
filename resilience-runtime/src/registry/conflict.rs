//! Places that write different values for one option of a circuit.

use std::error::Error;
use std::fmt;
use std::panic::Location;

use tracing::warn;

use crate::base::sync::Arc;
use crate::events::TARGET;
use crate::registry::written::{Written, merge};

/// One circuit, one option, two values; from [`check_circuits`](crate::check_circuits).
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
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitConflict {
    /// The name of the circuit.
    pub name: String,
    /// The option that was written twice.
    pub option: &'static str,
    /// The two values; the first is the one in force, or the one that would be.
    pub values: [String; 2],
    /// Where they stand, as `file:line:column`.
    pub places: [String; 2],
}

impl fmt::Display for CircuitConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, option, values: [first, second], places: [here, there] } = self;
        write!(f, "circuit '{}': `{option}` is {first} at {here}, but {second} at {there}", name.escape_debug())
    }
}

impl Error for CircuitConflict {}

/// The options that make a rule; to name one that does not go with another rule, in this order.
const RULE: [&str; 7] = ["failure_rate", "slow_rate", "threshold", "window", "calls", "min_calls", "slow_call"];

/// Where `next` writes another value than somebody before it, or a rule that does not go with theirs.
pub(crate) fn conflicts(name: &str, before: &[Arc<Written>], next: &Written) -> Vec<CircuitConflict> {
    let conflict = |option, kept: String, value: String, place: &Location<'_>| CircuitConflict {
        name: name.to_owned(),
        option,
        values: [kept, value],
        places: [place.to_string(), next.place.to_string()],
    };
    let mut found = Vec::new();
    for (index, (option, value)) in next.options.entries().into_iter().enumerate() {
        let first = before.iter().find_map(|other| Some((other.options.entries()[index].1?, other.place)));
        if let (Some(value), Some((kept, place))) = (value, first) {
            if value != kept {
                found.push(conflict(option, kept.to_string(), value.to_string(), place));
            }
        }
    }
    let earlier = merge(before);
    if let (true, Some((option, kept, value))) = (found.is_empty(), earlier.too_long_with(next.options)) {
        let other = if option == "cooldown" { "max_cooldown" } else { "cooldown" };
        let first = before.iter().find(|written| written.options.get(other).is_some());
        found.extend(first.map(|first| conflict(option, kept, value.to_string(), first.place)));
    }
    if let (true, Some(_), Some(first)) = (found.is_empty(), earlier.mixed_with(next.options), before.first()) {
        let new = RULE.into_iter().find_map(|option| match (next.options.get(option), earlier.get(option)) {
            (Some(value), None) => Some((option, value)),
            _ => None,
        });
        found.extend(new.map(|(option, value)| conflict(option, "absent".to_owned(), value.to_string(), first.place)));
    }
    found
}

/// Emits the event of a conflict.
pub(crate) fn emit(conflict: &CircuitConflict) {
    let CircuitConflict { name, option, values: [kept, ignored], places: [kept_at, ignored_at] } = conflict;
    let name = name.escape_debug();
    warn!(name: "circuit_conflict", target: TARGET, circuit = %name, option, kept, kept_at, ignored, ignored_at, "circuit_conflict");
}
