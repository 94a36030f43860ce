//! Defines [`Snapshot`], and the function [`snapshot`] that takes a snapshot.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::circuit::core::kept::Kept;
use crate::rate_limit::kept::KeptLimit;
use crate::registry::kept;
use crate::registry::waiting::OfKeys;
use crate::snapshot::states::{LONGEST_NAME, MOST_STATES, States};

/// The version of the snapshots that this crate writes and reads.
pub(super) const VERSION: u32 = 1;

/// The state of all circuits and rate limits, for another process. [`snapshot`] takes a snapshot, and
/// [`restore`](crate::restore()) gives the state to the circuits and rate limits of the other process.
///
/// A snapshot implements `Serialize` and `Deserialize`, for self-describing formats such as JSON. The format has a
/// version number. If a later version of this crate only adds fields to the format, the number stays the same. An older
/// version of the crate skips the added fields.
///
/// The guide [Snapshots](crate::guide::snapshots) describes the contents and the format.
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

/// Takes a snapshot of all circuits and rate limits, which another process can [`restore`](crate::restore()).
///
/// The snapshot contains the registered circuits and the rate limits of attributes, with and without the option `key`.
/// The snapshot also contains the states from an earlier [`restore`](crate::restore()) that still wait. The snapshot
/// leaves out a circuit or rate limit whose state equals its state after creation. The snapshot does not contain other
/// layers, such as a circuit from [`build`](crate::CircuitBuilder::build).
///
/// This function changes no state. A snapshot contains at most 1,000,000 states, and no name of more than 1,024 bytes.
/// If the program has more states, the function leaves out the rest.
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
    let mut left = MOST_STATES;
    Snapshot {
        version: VERSION,
        circuits: few(kept::circuits(), &mut left),
        keyed_circuits: few_of_keys(kept::keyed_circuits(), &mut left),
        rate_limits: few(kept::rate_limits(), &mut left),
        keyed_rate_limits: few_of_keys(kept::keyed_rate_limits(), &mut left),
    }
}

/// Returns the first states, at most `left`. Leaves out states with a long name. Subtracts the number of returned states
/// from `left`.
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
                // Skips the contents, because another version may have another form. The function `restore` refuses
                // this version.
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
