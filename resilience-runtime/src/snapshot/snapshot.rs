//! Defines [`Snapshot`], and the function [`snapshot`], which takes a snapshot.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::base::scope::scoped;
use crate::base::sync::lock_std;
use crate::circuit::core::kept::Kept;
use crate::rate_limit::kept::KeptLimit;
use crate::registry::kept;
use crate::registry::waiting::OfKeys;
use crate::snapshot::states::{LONGEST_NAME, MOST_STATES, States};

/// The format version of the snapshots that this crate writes and reads.
pub(super) const VERSION: u32 = 1;

/// Contains the state of all circuits and rate limits, for another process. [`snapshot`] takes a snapshot, and
/// [`restore`](crate::restore()) restores the state in the other process.
///
/// A snapshot implements `Serialize` and `Deserialize`, for self-describing formats such as JSON. The format has a
/// version number. An added field does not change this number, because older versions of this crate skip unknown
/// fields.
///
/// The guide [Snapshots](crate::guide::snapshots) describes the contents and the format.
///
/// `Deserialize` refuses a snapshot with more than 1,000,000 states, with a name or a key of more than 1,024 bytes, or
/// with a blank name.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, snapshot};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// CircuitBreaker::builder("snapshot_type_example").register()?.trip();
/// let snapshot = snapshot();
/// assert_eq!((snapshot.version(), snapshot.len(), snapshot.is_empty()), (1, 1, false));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    pub(super) version: u32,
    pub(super) circuits: BTreeMap<String, Kept>,
    pub(super) keyed_circuits: BTreeMap<String, OfKeys<Kept>>,
    pub(super) rate_limits: BTreeMap<String, KeptLimit>,
    pub(super) keyed_rate_limits: BTreeMap<String, OfKeys<KeptLimit>>,
}

impl Snapshot {
    const EMPTY: Self = Self {
        version: VERSION,
        circuits: BTreeMap::new(),
        keyed_circuits: BTreeMap::new(),
        rate_limits: BTreeMap::new(),
        keyed_rate_limits: BTreeMap::new(),
    };

    /// Returns the version of the format.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Returns the number of circuits and rate limits in the snapshot.
    pub fn len(&self) -> usize {
        let of_keys =
            self.keyed_circuits.values().map(BTreeMap::len).chain(self.keyed_rate_limits.values().map(BTreeMap::len));
        self.circuits.len() + self.rate_limits.len() + of_keys.sum::<usize>()
    }

    /// Returns whether the snapshot contains no circuit and no rate limit.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Takes a snapshot of all circuits and rate limits. Another process can [`restore`](crate::restore()) the snapshot.
///
/// The snapshot contains the circuits that an attribute declares or a builder registers, and the rate limits of
/// attributes. With the option `key`, the snapshot contains the circuit or rate limit of each key. If states of an
/// earlier [`restore`](crate::restore()) still wait for a circuit or a rate limit, the snapshot also contains these
/// states. The snapshot leaves out circuits and rate limits in their initial state. It also leaves out a closed circuit
/// of a key that has no failures and no calls in a window. The snapshot contains no other layers, such as a retry or a
/// circuit from [`build`](crate::CircuitBuilder::build).
///
/// This function changes no state. The function leaves out states beyond the first 1,000,000. It also leaves out states
/// whose name has more than 1,024 bytes, and states whose key has more than 128 bytes.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, CircuitState, Snapshot, restore, snapshot};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("snapshot_example").register()?;
/// breaker.trip();
/// let json = serde_json::to_string(&snapshot())?;
///
/// // After a restart, before the first call:
/// # breaker.reset();
/// restore(serde_json::from_str::<Snapshot>(&json)?)?;
/// assert_eq!(breaker.state(), CircuitState::Open);
/// # Ok(())
/// # }
/// ```
pub fn snapshot() -> Snapshot {
    let restoring = lock_std(restoring()).clone();
    let mut circuits = kept::circuits();
    let mut keyed_circuits = kept::keyed_circuits();
    let mut rate_limits = kept::rate_limits();
    let mut keyed_rate_limits = kept::keyed_rate_limits();
    if let Some(restoring) = restoring {
        add(&mut circuits, &restoring.circuits);
        add_keys(&mut keyed_circuits, &restoring.keyed_circuits);
        add(&mut rate_limits, &restoring.rate_limits);
        add_keys(&mut keyed_rate_limits, &restoring.keyed_rate_limits);
    }
    let mut left = MOST_STATES;
    Snapshot {
        version: VERSION,
        circuits: few(circuits, &mut left),
        keyed_circuits: few_of_keys(keyed_circuits, &mut left),
        rate_limits: few(rate_limits, &mut left),
        keyed_rate_limits: few_of_keys(keyed_rate_limits, &mut left),
    }
}

/// Marks the time during which [`restore`](crate::restore()) runs. Dropping this guard ends the time.
#[derive(Debug)]
pub(super) struct Restoring;

impl Restoring {
    pub(super) fn begin(snapshot: &Snapshot) -> Self {
        *lock_std(restoring()) = Some(Arc::new(snapshot.clone()));
        Self
    }
}

impl Drop for Restoring {
    fn drop(&mut self) {
        *lock_std(restoring()) = None;
    }
}

/// Returns the snapshot that [`restore`](crate::restore()) is restoring. While `restore` runs, some circuits do not
/// have their restored state yet. A snapshot that a thread takes meanwhile therefore copies each state that it lacks
/// from the returned snapshot.
fn restoring() -> &'static Mutex<Option<Arc<Snapshot>>> {
    static RESTORING: Mutex<Option<Arc<Snapshot>>> = Mutex::new(None);
    scoped(&RESTORING, Mutex::default)
}

/// Adds each state of `restoring` whose name is not in `states`.
fn add<K: Clone>(states: &mut BTreeMap<String, K>, restoring: &BTreeMap<String, K>) {
    for (name, kept) in restoring {
        if !states.contains_key(name) {
            states.insert(name.clone(), kept.clone());
        }
    }
}

fn add_keys<K: Clone>(states: &mut BTreeMap<String, OfKeys<K>>, restoring: &BTreeMap<String, OfKeys<K>>) {
    for (name, of_keys) in restoring {
        add(states.entry(name.clone()).or_default(), of_keys);
    }
}

/// Returns at most `left` states, without the states whose name or key is longer than `LONGEST_NAME`. Subtracts the
/// number of returned states from `left`.
fn few<K>(mut states: BTreeMap<String, K>, left: &mut usize) -> BTreeMap<String, K> {
    states.retain(|name, _| {
        let is_kept = *left > 0 && name.len() <= LONGEST_NAME;
        *left -= usize::from(is_kept);
        is_kept
    });
    states
}

fn few_of_keys<K>(states: BTreeMap<String, OfKeys<K>>, left: &mut usize) -> BTreeMap<String, OfKeys<K>> {
    let short = states.into_iter().filter(|(name, _)| name.len() <= LONGEST_NAME);
    short.map(|(name, states)| (name, few(states, left))).filter(|(_, states)| !states.is_empty()).collect()
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { version, circuits, keyed_circuits, rate_limits, keyed_rate_limits } = self;
        let mut map = serializer.serialize_map(Some(5))?;
        map.serialize_entry("version", version)?;
        map.serialize_entry("circuits", circuits)?;
        map.serialize_entry("keyed_circuits", keyed_circuits)?;
        map.serialize_entry("rate_limits", rate_limits)?;
        map.serialize_entry("keyed_rate_limits", keyed_rate_limits)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(OfSnapshot)
    }
}

struct OfSnapshot;

impl<'de> Visitor<'de> for OfSnapshot {
    type Value = Snapshot;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a snapshot: an object with a `version`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Snapshot, A::Error> {
        let left = Cell::new(MOST_STATES);
        let (mut version, mut snapshot, mut seen) = (None, Snapshot::EMPTY, Vec::new());
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(de::Error::custom(format_args!("two fields {key:?}")));
            }
            match &*key {
                "version" => version = Some(map.next_value::<u32>()?),
                // Skips the field, because its format may differ in another version. The function `restore` later
                // refuses the snapshot.
                _ if version.is_some_and(|version| version != VERSION) => drop(map.next_value::<IgnoredAny>()?),
                "circuits" => snapshot.circuits = map.next_value_seed(States::by_name(&left))?,
                "keyed_circuits" => snapshot.keyed_circuits = map.next_value_seed(States::by_name(&left))?,
                "rate_limits" => snapshot.rate_limits = map.next_value_seed(States::by_name(&left))?,
                "keyed_rate_limits" => snapshot.keyed_rate_limits = map.next_value_seed(States::by_name(&left))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            }
            seen.push(key);
        }
        let version = version.ok_or_else(|| de::Error::missing_field("version"))?;
        Ok(Snapshot { version, ..snapshot })
    }
}
