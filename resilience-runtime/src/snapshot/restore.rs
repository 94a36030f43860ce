//! Implements [`restore`], which restores the states of circuits and rate limits from a snapshot.

use crate::registry::kept;
use crate::registry::waiting;
use crate::snapshot::snapshot::{Restoring, Snapshot, VERSION};

/// Sets each circuit and each rate limit to the state that the snapshot contains under the same name. Call this
/// function at the start of `main`, before the first call. If the program registers builders, or applies settings from
/// a file, call this function after these steps. A cooldown that changes later would extend or end the rest of a
/// restored cooldown.
///
/// An open circuit rejects calls for the rest of its cooldown. A circuit that was half-open becomes an open circuit
/// that admits a trial call at once. A circuit that was forced open or disabled remains in this state until a reset. A
/// closed circuit continues with its failures, and with the calls in its window. Cooldowns, windows and rate limits do
/// not advance between the snapshot and the restoration, because the clocks of two computers may differ.
///
/// A state waits if the program has no circuit or rate limit of the same name yet. A circuit or rate limit that is
/// created later under this name takes over the state. The next call of `restore` drops all states that still wait.
///
/// If the snapshot contains no state for a circuit or rate limit, this circuit or rate limit remains unchanged. The
/// totals of all statistics also remain unchanged. The outcome of a call that runs during the restoration does not
/// affect a restored circuit. The guide [Snapshots](crate::guide::snapshots) describes how a restored state adapts to
/// changed settings.
///
/// # Errors
///
/// Returns a [`RestoreError`] if the snapshot has a format version that this crate does not read. The function then
/// changes no state.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{CircuitBreaker, CircuitState, Snapshot, restore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("restore_example").register()?;
/// let json = r#"{"version":1,"circuits":{"restore_example":{"state":"forced_open"},"later":{"state":"disabled"}}}"#;
/// let restored = restore(serde_json::from_str::<Snapshot>(json)?)?;
/// assert_eq!((restored.restored, restored.waiting, restored.dropped), (1, 1, 0));
/// assert_eq!(breaker.state(), CircuitState::ForcedOpen);
///
/// let later = CircuitBreaker::builder("later").register()?;
/// assert_eq!(later.state(), CircuitState::Disabled);
/// # Ok(())
/// # }
/// ```
pub fn restore(snapshot: Snapshot) -> Result<Restored, RestoreError> {
    if snapshot.version != VERSION {
        return Err(RestoreError::Version { found: snapshot.version, supported: VERSION });
    }
    let all = snapshot.len();
    let _restoring = Restoring::begin(&snapshot);
    waiting::circuits().replace(snapshot.circuits);
    waiting::keyed_circuits().replace(snapshot.keyed_circuits);
    waiting::rate_limits().replace(snapshot.rate_limits);
    waiting::keyed_rate_limits().replace(snapshot.keyed_rate_limits);
    let (waiting, dropped) = kept::restore_existing();
    Ok(Restored { restored: all.saturating_sub(waiting + dropped), waiting, dropped })
}

/// Contains the result of [`restore`]: the numbers of restored, waiting and dropped states.
///
/// ```
/// use resilience_runtime::{Snapshot, restore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let json = r#"{"version":1,"circuits":{"not created yet":{"state":"forced_open"}}}"#;
/// let restored = restore(serde_json::from_str::<Snapshot>(json)?)?;
/// assert_eq!((restored.restored, restored.waiting), (0, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// Number of states that a circuit or a rate limit has taken over.
    pub restored: usize,
    /// Number of states that wait until a circuit or a rate limit of the same name is created.
    pub waiting: usize,
    /// Number of states that were dropped because of the option `max_keys`, or because a key has more than 128 bytes.
    pub dropped: usize,
}

/// Reports that [`restore`] refused a snapshot. If `restore` returns an error, all states are unchanged.
///
/// ```
/// use resilience_runtime::{RestoreError, Snapshot, restore};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let future = serde_json::from_str::<Snapshot>(r#"{"version":99}"#)?;
/// let RestoreError::Version { found, supported, .. } = restore(future).unwrap_err() else { panic!() };
/// assert_eq!((found, supported), (99, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The snapshot has a format version that this crate does not read.
    #[error("the snapshot has version {found}, but this program reads version {supported}")]
    #[non_exhaustive]
    Version {
        /// Format version of the snapshot.
        found: u32,
        /// Format version that this crate reads.
        supported: u32,
    },
}
