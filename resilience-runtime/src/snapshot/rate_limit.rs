//! Serializes and deserializes [`KeptLimit`], the state of a rate limit in a snapshot.

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::rate_limit::kept::{KeptLimit, KeptQuota};
use crate::serialize::seconds::Seconds;
use crate::snapshot::fields::fields;

impl Serialize for KeptLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { full_in, quota } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("full_in", &Seconds(*full_in))?;
        if let Some(quota) = quota {
            map.serialize_entry("quota", quota)?;
        }
        map.end()
    }
}

impl Serialize for KeptQuota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { remaining, reset_in } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("remaining", remaining)?;
        map.serialize_entry("reset_in", &Seconds(*reset_in))?;
        map.end()
    }
}

fields! {
    /// The fields of a rate limit in a snapshot.
    Limit, "the state of a rate limit" { full_in: Seconds, quota: KeptQuota, }
}

impl<'de> Deserialize<'de> for KeptLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Limit { full_in, quota } = Limit::deserialize(deserializer)?;
        let Seconds(full_in) = full_in.ok_or_else(|| de::Error::missing_field("full_in"))?;
        Ok(Self { full_in, quota })
    }
}

fields! {
    /// The snapshot's fields for the quota that a service has reported.
    Quota, "the quota of a rate limit" { remaining: u32, reset_in: Seconds, }
}

impl<'de> Deserialize<'de> for KeptQuota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Quota { remaining, reset_in } = Quota::deserialize(deserializer)?;
        let remaining = remaining.ok_or_else(|| de::Error::missing_field("remaining"))?;
        let Seconds(reset_in) = reset_in.ok_or_else(|| de::Error::missing_field("reset_in"))?;
        Ok(Self { remaining, reset_in })
    }
}
