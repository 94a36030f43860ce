//! Parses a TOML text into [`Line`]s, one for each setting.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::base::config_error::excerpt;
use crate::base::raw::Raw;
use crate::base::sync::Arc;
use crate::config::mistake::RefusedConfig;
use crate::config::section::{LayerName, Line, TABLES, not_layers, not_settings, unknown_table};
use crate::registry::configured::Place;

pub(super) fn parse(text: &str, file: Option<&Arc<str>>) -> Result<Vec<Line>, RefusedConfig> {
    let lines = Lines::new(text, file);
    let (tables, errors) = DeTable::parse_recoverable(text);
    let mut refused = RefusedConfig::default();
    for error in errors {
        let place = error.span().map(|span| lines.place(span.start));
        refused.push(place.as_ref(), error.message().escape_debug().to_string());
    }
    refused.result()?;
    let mut refused = RefusedConfig::default();
    let mut all = Vec::new();
    for (table, layers) in tables.get_ref() {
        let table_place = lines.of(table);
        let table = table.get_ref().as_ref();
        let DeValue::Table(layers) = layers.get_ref() else {
            refused.push(Some(&table_place), not_layers(table));
            continue;
        };
        if layers.is_empty() && !TABLES.contains(&table) {
            refused.push(Some(&table_place), unknown_table(table));
        }
        for (name, options) in layers {
            let name_place = lines.of(name);
            let name = name.get_ref().as_ref();
            let DeValue::Table(options) = options.get_ref() else {
                refused.push(Some(&name_place), not_settings(table, name));
                continue;
            };
            for (option, value) in options {
                let place = lines.of(option);
                let option = option.get_ref().as_ref();
                if let DeValue::Table(_) = value.get_ref() {
                    let [name, option] = [name, option].map(|text| excerpt(text).escape_debug());
                    let message = format!(
                        "`{option}` is a table; a name with a dot needs quotation marks: [{table}.\"{name}.{option}\"]"
                    );
                    refused.push(Some(&place), message);
                    continue;
                }
                all.push(Line {
                    table: table.to_owned(),
                    name: LayerName::Exact(name.to_owned()),
                    option: option.to_owned(),
                    value: raw(value.get_ref()),
                    place,
                });
            }
        }
    }
    refused.result()?;
    // Sorts the settings by line number, because the parser returns the keys of each table in alphabetical order.
    all.sort_by_key(|line| match line.place {
        Place::Line(_, line) => line,
        _ => 0,
    });
    Ok(all)
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            Raw::Integer(i128::from_str_radix(&digits, number.radix()).unwrap_or(i128::MAX))
        }
        DeValue::Float(number) => Raw::Number(number.as_str().replace('_', "").parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Raw::Flag(*flag),
        DeValue::Datetime(_) => Raw::Other("a date"),
        DeValue::Array(_) => Raw::Other("an array"),
        DeValue::Table(_) => Raw::Other("a table"),
    }
}

/// The byte offset of each line break in a text. The method `place` uses these offsets to find the line number of a
/// setting.
struct Lines<'a> {
    file: Option<&'a Arc<str>>,
    ends: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &str, file: Option<&'a Arc<str>>) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(index, _)| index).collect();
        Self { file, ends }
    }

    fn place(&self, offset: usize) -> Place {
        Place::Line(self.file.cloned(), 1 + self.ends.partition_point(|end| *end < offset))
    }

    fn of<T>(&self, spanned: &Spanned<T>) -> Place {
        self.place(spanned.span().start)
    }
}
