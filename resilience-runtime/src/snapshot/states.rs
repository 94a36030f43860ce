//! Deserializes the states in a snapshot, and limits the number of states and the length of names and keys.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};

use crate::circuit::core::kept::Kept;
use crate::rate_limit::kept::KeptLimit;

/// The largest number of circuits and rate limits in one snapshot.
pub(super) const MOST_STATES: usize = 1_000_000;
/// The largest length of a name or a key in bytes.
pub(super) const LONGEST_NAME: usize = 1_024;

/// A value in a map of a snapshot: one state, or a map with one state for each key.
pub(super) trait State: Sized {
    /// Deserializes the value. `left` is the number of states that the snapshot may still contain.
    fn read<'de, D: Deserializer<'de>>(deserializer: D, left: &Cell<usize>) -> Result<Self, D::Error>;
}

macro_rules! states {
    ($($kept:ty)*) => {
        $(impl State for $kept {
            fn read<'de, D: Deserializer<'de>>(deserializer: D, left: &Cell<usize>) -> Result<Self, D::Error> {
                let Some(less) = left.get().checked_sub(1) else {
                    return Err(de::Error::custom(format_args!("more than {MOST_STATES} circuits and rate limits")));
                };
                left.set(less);
                Self::deserialize(deserializer)
            }
        })*
    };
}
states!(Kept KeptLimit);

impl<V: State> State for BTreeMap<String, V> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D, left: &Cell<usize>) -> Result<Self, D::Error> {
        States { left, is_of_keys: true, of: PhantomData }.deserialize(deserializer)
    }
}

/// Deserializes a map of states.
pub(super) struct States<'l, K> {
    left: &'l Cell<usize>,
    /// Whether the map has a state for each value of the option `key`, instead of for each name. A value may be blank,
    /// but a name may not.
    is_of_keys: bool,
    of: PhantomData<K>,
}

impl<'l, K> States<'l, K> {
    pub(super) fn by_name(left: &'l Cell<usize>) -> Self {
        Self { left, is_of_keys: false, of: PhantomData }
    }

    fn check<E: de::Error>(&self, name: &str) -> Result<(), E> {
        if name.len() > LONGEST_NAME {
            return Err(E::custom(format_args!("a name of {} bytes, longer than {LONGEST_NAME}", name.len())));
        }
        if !self.is_of_keys && name.trim().is_empty() {
            return Err(E::custom(format_args!("the blank name {name:?}")));
        }
        Ok(())
    }
}

impl<'de, K: State> DeserializeSeed<'de> for States<'_, K> {
    type Value = BTreeMap<String, K>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, K: State> Visitor<'de> for States<'_, K> {
    type Value = BTreeMap<String, K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a state for each name")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut states = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            self.check(&name)?;
            let state = map.next_value_seed(OfState { left: self.left, of: PhantomData })?;
            match states.entry(name) {
                Entry::Vacant(entry) => drop(entry.insert(state)),
                Entry::Occupied(entry) => {
                    return Err(de::Error::custom(format_args!("two states for {:?}", entry.key())));
                }
            }
        }
        Ok(states)
    }
}

struct OfState<'l, K> {
    left: &'l Cell<usize>,
    of: PhantomData<K>,
}

impl<'de, K: State> DeserializeSeed<'de> for OfState<'_, K> {
    type Value = K;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K, D::Error> {
        K::read(deserializer, self.left)
    }
}
