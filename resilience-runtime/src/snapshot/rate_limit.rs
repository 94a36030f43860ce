//! Serializes and deserializes [`KeptLimit`], the state of a rate limit in a snapshot.

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::rate_limit::kept::KeptLimit;
use crate::serialize::seconds::Seconds;
use crate::snapshot::fields::fields;

impl Serialize for KeptLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { full_in } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("full_in", &Seconds(*full_in))?;
        map.end()
    }
}

fields! {
    /// The fields of a rate limit in a snapshot.
    Limit, "the state of a rate limit" { full_in: Seconds, }
}

impl<'de> Deserialize<'de> for KeptLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Limit { full_in } = Limit::deserialize(deserializer)?;
        let Seconds(full_in) = full_in.ok_or_else(|| de::Error::missing_field("full_in"))?;
        Ok(Self { full_in })
    }
}
