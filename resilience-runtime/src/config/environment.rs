//! Converts environment variables to [`Line`]s. A line is one setting.

use std::ffi::OsString;

use crate::base::config_error::excerpt;
use crate::base::raw::Raw;
use crate::base::sync::Arc;
use crate::config::mistake::RefusedConfig;
use crate::config::section::{LayerName, Line, TABLES, unknown_table};
use crate::registry::configured::Place;

/// The prefix of the names of all variables that contain settings.
const PREFIX: &str = "RESILIENCE__";

/// Creates a line for each variable whose name begins with [`PREFIX`].
pub(super) fn parse(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<Vec<Line>, RefusedConfig> {
    let mut refused = RefusedConfig::default();
    let mut lines = Vec::new();
    for (variable, value) in variables {
        // Ignores a variable whose name is no UTF-8 text, because no setting has such a name.
        let Ok(variable) = variable.into_string() else { continue };
        let Some(rest) = variable.strip_prefix(PREFIX) else { continue };
        let place = Place::Variable(Arc::from(&*variable));
        match (split(rest), value.into_string()) {
            (Err(message), _) => refused.push(Some(&place), message),
            (_, Err(_)) => refused.push(Some(&place), "the value is no UTF-8 text".to_owned()),
            (Ok((table, name, option)), Ok(value)) => {
                let name = LayerName::Variable(LayerName::variable(name));
                let (option, value) = (option.to_ascii_lowercase(), Raw::Word(value));
                lines.push(Line { table: table.to_owned(), name, option, value, place });
            }
        }
    }
    // Sorts the settings, because the order of the variables is not fixed.
    lines.sort_by_key(|line| match &line.place {
        Place::Variable(name) => name.clone(),
        _ => Arc::from(""),
    });
    refused.result().map(|()| lines)
}

/// Splits a text such as `CIRCUIT__EXA_API__THRESHOLD` into the table, the name of the layer and the option. The name
/// of the layer may contain `__`.
fn split(rest: &str) -> Result<(&'static str, &str, &str), String> {
    let (table, rest) = rest.split_once("__").unwrap_or((rest, ""));
    let lower = table.to_ascii_lowercase();
    let table = TABLES.iter().copied().find(|known| *known == lower).ok_or_else(|| unknown_table(&lower))?;
    let parts = rest.rsplit_once("__").filter(|(name, option)| !name.is_empty() && !option.is_empty());
    let (name, option) = parts.ok_or_else(|| {
        let upper = table.to_ascii_uppercase();
        format!("`{}` must be a name and a setting, as in {PREFIX}{upper}__NAME__SETTING", excerpt(rest).escape_debug())
    })?;
    Ok((table, name, option))
}
