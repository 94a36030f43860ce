//! Converts the names of metrics to the form of OpenTelemetry.

/// The only layer name that contains an underscore. The conversion must not split this name.
const RATE_LIMIT: &str = "rate_limit";

/// Returns the name of a metric in the form of OpenTelemetry, and the unit of the metric. `name` is the name of the
/// metric for Prometheus, such as `resilience_circuit_calls_total`.
pub(crate) fn convert(name: &str) -> (String, Option<&'static str>) {
    let name = name.strip_prefix("resilience_").unwrap_or(name);
    let name = name.strip_suffix("_total").or(name.strip_suffix("_info")).unwrap_or(name);
    let (name, unit) = name.strip_suffix("_seconds").map_or((name, None), |name| (name, Some("s")));
    let split = match name.strip_prefix(RATE_LIMIT) {
        Some(rest) => Some((RATE_LIMIT, rest.trim_start_matches('_'))),
        None => name.split_once('_'),
    };
    let name = split.map_or_else(|| name.to_owned(), |(layer, rest)| format!("{layer}.{rest}"));
    (format!("resilience.{name}"), unit)
}

#[cfg(test)]
mod tests {
    use super::convert;

    #[test]
    fn names_have_dots_after_the_library_and_the_layer() {
        for (name, expected, unit) in [
            ("resilience_circuit_calls_total", "resilience.circuit.calls", None),
            ("resilience_circuit_max_keys", "resilience.circuit.max_keys", None),
            ("resilience_rate_limit_calls_total", "resilience.rate_limit.calls", None),
            ("resilience_call_duration_seconds", "resilience.call.duration", Some("s")),
            ("resilience_timeout_limit_seconds", "resilience.timeout.limit", Some("s")),
            ("resilience_build_info", "resilience.build", None),
        ] {
            assert_eq!(convert(name), (expected.to_owned(), unit));
        }
    }
}
