//! Implements `Deserialize` for [`Config`], for programs that read their configuration with `serde`.

use std::collections::BTreeMap;
use std::fmt;

use serde_core::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::base::raw::Raw;
use crate::config::config::Config;
use crate::config::mistake::RefusedConfig;
use crate::config::section::{LayerName, Line, not_layers, not_settings};
use crate::registry::configured::Place;

/// The largest depth of nested tables. A deeper input could exhaust the call stack, because the deserialization is
/// recursive.
const DEEPEST: u32 = 32;

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tables = deserializer.deserialize_map(Tables(DEEPEST))?;
        let mut lines = Lines::default();
        for (table, layers) in tables {
            match layers {
                Node::Table(layers) => lines.add(&table, None, layers),
                Node::Value(_) => lines.refused.push(None, not_layers(&table)),
            }
        }
        let lines = lines.refused.result().map(|()| lines.lines);
        lines.and_then(Self::of_lines).map_err(D::Error::custom)
    }
}

/// A value, or a table of values and tables.
enum Node {
    Value(Raw),
    Table(BTreeMap<String, Node>),
}

#[derive(Default)]
struct Lines {
    lines: Vec<Line>,
    refused: RefusedConfig,
}

impl Lines {
    /// Adds a line for each setting of a table. Joins the parts of a layer's name, because some crates split the name
    /// of an environment variable at each `__`.
    fn add(&mut self, table: &str, name: Option<&str>, nodes: BTreeMap<String, Node>) {
        for (key, node) in nodes {
            match (node, name) {
                (Node::Table(nodes), None) => self.add(table, Some(&key), nodes),
                (Node::Table(nodes), Some(name)) => self.add(table, Some(&format!("{name}__{key}")), nodes),
                (Node::Value(_), None) => self.refused.push(None, not_settings(table, &key)),
                (Node::Value(value), Some(name)) => self.lines.push(Line {
                    table: table.to_owned(),
                    name: LayerName::Deserialized(name.to_owned()),
                    option: key,
                    value,
                    place: Place::Deserialized,
                }),
            }
        }
    }
}

/// Deserializes a table. The field is the allowed depth of nested tables, including this table.
struct Tables(u32);

impl<'de> Visitor<'de> for Tables {
    type Value = BTreeMap<String, Node>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let rest = self.0.checked_sub(1).ok_or_else(|| A::Error::custom("too many tables inside each other"))?;
        let mut nodes = BTreeMap::new();
        while let Some(key) = map.next_key()? {
            nodes.insert(key, map.next_value_seed(Nodes(rest))?);
        }
        Ok(nodes)
    }
}

/// Deserializes a node: a value or a table. The field is the allowed depth of nested tables, including this node if the
/// node is a table.
struct Nodes(u32);

impl<'de> DeserializeSeed<'de> for Nodes {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nodes {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a text, a flag or a table")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Value(Raw::Flag(flag)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Value(Raw::Integer(number.into())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Value(Raw::Integer(number.into())))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Node, E> {
        Ok(Node::Value(Raw::Integer(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Value(Raw::Number(number)))
    }

    // Creates a `Raw::Word`, from which an option can also read a number. An environment variable contains each number
    // as text.
    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Value(Raw::Word(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Value(Raw::Other("empty")))
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Node::Value(Raw::Other("an array")))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Node, A::Error> {
        Tables(self.0).visit_map(map).map(Node::Table)
    }
}
