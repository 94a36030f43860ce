//! Emits the events of a hedge.

use crate::events::{self, event};

/// Emits the event `hedged` if the attempt is not the first attempt of its call. `attempt` is the number of the
/// attempt, counted from 1.
pub fn began(func: &str, attempt: u32) {
    if attempt > 1 && events::debug_wanted() {
        hedged(func, attempt);
    }
}

#[cold]
fn hedged(func: &str, attempt: u32) {
    event!(debug, "hedged", func, attempt);
}
