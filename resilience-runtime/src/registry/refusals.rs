//! Rejects changes at run time that would have no effect on a layer.

use std::time::Duration;

use crate::base::config_error::{ConfigError, Value};
use crate::hedge::after::HedgeAfter;
use crate::registry::layer::Code;
use crate::registry::layer_options::HedgeOptions;

/// Returns an error if a change sets `option`, but the attribute lacks the option `other`. Without `other`, the option
/// `option` has no effect. `written` is true if the attribute has the option `other`.
pub(super) fn needs(option: &'static str, value: Option<Value>, written: bool, other: &str) -> Option<ConfigError> {
    let allowed = format!("left out: the attribute has no option `{other}`");
    value.filter(|_| !written).map(|value| ConfigError::new(option, value.to_string(), allowed))
}

/// Returns an error for `wait` or `max_queue` if the calls of the layer never wait. Each array contains an option's
/// value in the attributes, and its value in the changes. Accepts a value that equals the attribute's value, because a
/// configuration file may contain the output of `dump_config`. `code.is_evaluated` is true if the
/// attribute contains an expression for `wait`.
pub(super) fn refuse_wait(
    code: Code,
    [written, wait]: [Option<Duration>; 2],
    [written_queue, max_queue]: [Option<u32>; 2],
) -> Option<ConfigError> {
    let waits = code.is_named || code.is_evaluated || written.is_some_and(|wait| !wait.is_zero());
    let other = "wait` or `name";
    let wait = wait.filter(|_| wait != written);
    let max_queue = max_queue.filter(|_| max_queue != written_queue);
    needs("wait", wait.map(Value::Time), waits, other)
        .or_else(|| needs("max_queue", max_queue.map(Value::Count), waits, other))
}

pub(super) fn refuse_hedge(written: &HedgeOptions, code: Code, changes: &HedgeOptions) -> Option<ConfigError> {
    let is_measured = matches!(written.after, Some(HedgeAfter::Percentile(_)));
    let most = if code.is_named { 5 } else { written.max.unwrap_or(2) };
    let error = |option, value: String, allowed: &str| Some(ConfigError::new(option, value, allowed.to_owned()));
    match *changes {
        HedgeOptions { after: Some(after), .. } if is_measured => {
            error("after", Value::from(after).to_string(), "left out: the hedge measures this time")
        }
        HedgeOptions { max: Some(max), .. } if max > most => error(
            "max",
            max.to_string(),
            &format!("at most {most}: the future of a call has room for as many attempts"),
        ),
        _ => None,
    }
}
