//! Implements `Deserialize` for [`Config`], for programs that read their configuration with `serde`.

use std::collections::BTreeMap;
use std::fmt;

use serde_core::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::base::raw::Raw;
use crate::config::config::Config;
use crate::config::section::{LayerName, Line};
use crate::registry::configured::Place;

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        type Options = BTreeMap<String, Raw>;
        let tables = BTreeMap::<String, BTreeMap<String, Options>>::deserialize(deserializer)?;
        let lines = tables.into_iter().flat_map(|(table, layers)| {
            layers.into_iter().flat_map(move |(name, options)| {
                let table = table.clone();
                options.into_iter().map(move |(option, value)| Line {
                    table: table.clone(),
                    name: LayerName::Exact(name.clone()),
                    option,
                    value,
                    place: Place::Deserialized,
                })
            })
        });
        Self::of_lines(lines.collect()).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Value)
    }
}

struct Value;

impl<'de> Visitor<'de> for Value {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text or a flag")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Raw, E> {
        Ok(Raw::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Raw, E> {
        Ok(Raw::Integer(number.into()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Raw, E> {
        Ok(Raw::Integer(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Raw, E> {
        Ok(Raw::Number(number))
    }

    // The text may come from an environment variable, so the text may be a number.
    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Word(text.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Other("empty"))
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Other("empty"))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Raw, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Raw::Other("an array"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Raw::Other("a table"))
    }
}
