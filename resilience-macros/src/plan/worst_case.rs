//! Computes the longest time of a call of a decorated function. The docs of the function show this time.

use std::time::Duration;

use super::plan::Plan;
use crate::facts::{Pauses, Time};

impl Plan {
    /// Returns a sentence about the longest time of a call, or `None` if the attributes do not determine this time.
    pub(crate) fn worst_case(&self) -> Option<String> {
        let bound = self.bound(0).filter(|bound| bound.seconds.is_finite())?;
        let total = shown(bound.seconds);
        Some(match bound.of.as_str() {
            "" => format!("Worst case: {total}."),
            of => format!("Worst case: {of}: {total}."),
        })
    }

    /// Returns the longest time that the attribute at `index` and the attributes below it take together. Returns `None`
    /// if the attributes do not determine this time.
    fn bound(&self, index: usize) -> Option<Bound> {
        if index == self.len() {
            return None;
        }
        let below = self.bound(index + 1);
        match self.facts(index).time {
            Time::Same => below,
            Time::AtMost(Some(after)) => {
                let after = after.as_secs_f64();
                Some(below.filter(|below| below.seconds < after).unwrap_or(Bound { seconds: after, of: String::new() }))
            }
            Time::After(wait) => Some(waited(wait, below?)),
            Time::Repeated(_) => Some(attempts(&self.pauses(index)?, below?.seconds)),
            Time::Hedged { min, after, max } => Some(hedged(min == after, after, max, below?.seconds)),
            Time::AtMost(None) | Time::Unknown => None,
        }
    }
}

/// The longest time that an attribute and the attributes below it take together. The field `of` is a text that lists
/// the parts of this time. The text is empty if the time has only one part.
struct Bound {
    seconds: f64,
    of: String,
}

fn attempts(pauses: &Pauses, each: f64) -> Bound {
    let Pauses { max, .. } = *pauses;
    let seconds = each * f64::from(max) + pauses.sum();
    let pauses = match max {
        0 | 1 => return Bound { seconds, of: String::new() },
        2 => format!("a pause of {}", shown(pauses.nth(1))),
        max @ 3..=5 => {
            let others: Vec<_> = (1..max - 1).map(|nth| shown(pauses.nth(nth))).collect();
            format!("pauses of {} and {}", others.join(", "), shown(pauses.nth(max - 1)))
        }
        _ => format!("pauses of {} in all", shown(pauses.sum())),
    };
    Bound { seconds, of: format!("{max} attempts of at most {} and {pauses}", shown(each)) }
}

fn hedged(is_fixed: bool, after: Duration, max: u32, each: f64) -> Bound {
    let after = after.as_secs_f64();
    let seconds = after * f64::from(max - 1) + each;
    let interval =
        if is_fixed { format!("one each {}", shown(after)) } else { format!("at most {} apart", shown(after)) };
    Bound { seconds, of: format!("{max} attempts of at most {}, {interval}", shown(each)) }
}

fn waited(wait: Duration, below: Bound) -> Bound {
    if wait.is_zero() {
        return below;
    }
    let of = if below.of.is_empty() { shown(below.seconds) } else { below.of };
    let wait = wait.as_secs_f64();
    Bound { seconds: wait + below.seconds, of: format!("a wait of {} and {of}", shown(wait)) }
}

/// Formats a number of seconds for docs and errors, with at most three decimals.
pub(super) fn shown(seconds: f64) -> String {
    let rounded = format!("{seconds:.3}");
    let digits = rounded.trim_end_matches('0').trim_end_matches('.');
    if seconds > 0.0 && digits == "0" { "less than 1 ms".to_owned() } else { format!("{digits} s") }
}
