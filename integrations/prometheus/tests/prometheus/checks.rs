//! Tests that the tools of Prometheus accept the metrics and the alert rules. Also tests that the reference parser of
//! OpenMetrics accepts the metrics.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use resilience_runtime::metrics::MetricsReader;
use resilience_runtime::{CircuitBreaker, KeyedCircuits};

use crate::grafana;

/// Registers circuits with names and keys that contain special characters.
fn register() {
    for name in ["plain", "a \"quoted\" name", "two\nlines", "back\\slash\\", "tab\t, return\r and {braces=\"}"] {
        let breaker = CircuitBreaker::builder(name).durations(true).register().unwrap();
        breaker.reset();
        breaker.try_acquire().unwrap().success();
        breaker.force_open();
    }
    let family = KeyedCircuits::builder("family \"\\\n").threshold(1).register().unwrap();
    for key in ["plain", "\"", "\\", "\n", "]", ""] {
        family.get(key).trip();
    }
}

fn run(command: &mut Command, input: &str) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn assert_accepted(command: &mut Command, input: &str) {
    let output = run(command, input);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{out}\n{err}");
    assert!(!err.contains("metrics_") && !err.contains("resilience_"), "{command:?} warns: {err}");
}

#[test]
fn promtool_accepts_the_text_without_a_warning() {
    register();
    let text = MetricsReader::new().top_keys(9).prometheus_text();
    assert_accepted(Command::new("promtool").args(["check", "metrics"]), &text);
}

#[test]
fn reference_parser_accepts_the_text_of_openmetrics() {
    register();
    let text = MetricsReader::new().top_keys(9).openmetrics_text();
    let script = "import sys\n\
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\n\
        families = list(parse(sys.stdin.read()))\n\
        names = {sample.labels.get('name') for family in families for sample in family.samples}\n\
        assert {'two\\nlines', 'back\\\\slash\\\\', 'family \"\\\\\\n'} <= names, names\n\
        assert any(family.type == 'histogram' for family in families)";
    assert_accepted(Command::new("/usr/bin/python3").args(["-c", script]), &text);
}

#[test]
fn promtool_accepts_the_alert_rules_and_their_tests() {
    assert_accepted(Command::new("promtool").args(["check", "rules"]).arg(grafana("alerts.yml")), "");
    let mut tests = Command::new("promtool");
    assert_accepted(tests.args(["test", "rules", "alerts_test.yml"]).current_dir(grafana("")), "");
}
