//! Serializes the state of a circuit as its name, such as `half_open`.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::circuit::core::state::CircuitState;

impl Serialize for CircuitState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CircuitState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(OfName)
    }
}

struct OfName;

const STATES: [CircuitState; 5] = [
    CircuitState::Closed,
    CircuitState::Open,
    CircuitState::HalfOpen,
    CircuitState::ForcedOpen,
    CircuitState::Disabled,
];

impl Visitor<'_> for OfName {
    type Value = CircuitState;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed, open, half_open, forced_open or disabled")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<CircuitState, E> {
        let state = STATES.into_iter().find(|state| state.as_str() == name);
        state.ok_or_else(|| E::invalid_value(Unexpected::Str(name), &self))
    }
}
