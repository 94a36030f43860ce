//! Implements [`restore`], which gives circuits and rate limits the state in a snapshot.

use crate::registry::kept;
use crate::registry::waiting;
use crate::snapshot::snapshot::{Snapshot, VERSION};

/// Restores a snapshot: gives each circuit and each rate limit the state that the snapshot contains for its name. Call
/// this function at the start of `main`, before the first call.
///
/// An open circuit rejects calls for the rest of its cooldown. A circuit that was half-open becomes an open circuit
/// that admits a trial call at once. A circuit that was forced open or disabled remains in this state until a reset. A
/// closed circuit continues with its failures, and with the calls in its window. The time between the snapshot and the
/// restoration does not count, because the clocks of two computers may differ.
///
/// If no circuit or rate limit has the name of a state, the state waits. A circuit or rate limit that is created later
/// under this name takes the state. A further call of `restore` drops all states that still wait.
///
/// The states of all other circuits and rate limits, and the totals of all statistics, remain unchanged. The outcome of
/// a call that runs during the restoration does not affect a restored circuit. The guide
/// [Snapshots](crate::guide::snapshots) describes restorations with other settings.
///
/// # Errors
///
/// Returns a [`RestoreError`] if another version of the format wrote the snapshot. The state of the program then remains
/// unchanged.
pub fn restore(snapshot: Snapshot) -> Result<Restored, RestoreError> {
    if snapshot.version != VERSION {
        return Err(RestoreError::Version { found: snapshot.version, supported: VERSION });
    }
    let all = snapshot.len();
    waiting::circuits().replace(snapshot.circuits);
    waiting::keyed_circuits().replace(snapshot.keyed_circuits);
    waiting::rate_limits().replace(snapshot.rate_limits);
    waiting::keyed_rate_limits().replace(snapshot.keyed_rate_limits);
    let (waiting, dropped) = kept::restore_existing();
    Ok(Restored { restored: all.saturating_sub(waiting + dropped), waiting, dropped })
}

/// The result of [`restore`]: how many states of the snapshot were restored, wait, or were dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// Number of circuits and rate limits that have taken their state.
    pub restored: usize,
    /// Number of states that wait until a circuit or a rate limit of their name is created.
    pub waiting: usize,
    /// Number of states that were dropped, because more keys have a state than the option `max_keys` allows.
    pub dropped: usize,
}

/// The error of [`restore`]. The state of the program remains unchanged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// Another version of the format wrote the snapshot.
    #[error("the snapshot has version {found}, but this program reads version {supported}")]
    #[non_exhaustive]
    Version {
        /// Version of the snapshot.
        found: u32,
        /// Version that this crate reads.
        supported: u32,
    },
}
