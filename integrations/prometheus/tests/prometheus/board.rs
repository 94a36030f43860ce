//! Tests the dashboard for Grafana. The dashboard must show every metric, and a real Prometheus must return data for
//! every panel.

use std::fs;
use std::thread;

use resilience_runtime::metrics::MetricsReader;
use serde_json::Value;
use tokio::runtime::Builder;

use crate::server::{Prometheus, wait_for};
use crate::{grafana, outage, route};

/// Returns each query of the dashboard, with the title of its panel. Replaces the variables in the queries by values.
fn queries() -> Vec<(String, String)> {
    let board: Value = serde_json::from_str(&fs::read_to_string(grafana("resilience.json")).unwrap()).unwrap();
    let mut queries = Vec::new();
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().unwrap().replace("$__rate_interval", "5s");
            let query = query.replace("$job", ".+").replace("$name", ".+");
            assert!(!query.contains('$'), "{query}");
            queries.push((panel["title"].as_str().unwrap().to_owned(), query));
        }
    }
    queries
}

fn is_number(series: &Value) -> bool {
    series["value"][1].as_str().is_some_and(|value| value.parse().is_ok_and(f64::is_finite))
}

#[test]
fn every_metric_is_on_the_board_and_in_the_guide() {
    let guide = include_str!("../../../../resilience-runtime/docs/guide/metrics.md");
    let queries = queries();
    for metric in MetricsReader::new().read() {
        let is_metric = |query: &str| {
            // A query of a histogram contains the name of a series, such as `.._bucket`, in place of the name of the
            // metric.
            let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            words
                .into_iter()
                .any(|word| word.strip_prefix(metric.name).is_some_and(|rest| matches!(rest, "" | "_bucket")))
        };
        assert!(queries.iter().any(|(_, query)| is_metric(query)), "no panel shows {}", metric.name);
        assert!(guide.contains(&format!("`{}`", metric.name)), "the guide does not list {}", metric.name);
    }
}

#[test]
fn prometheus_scrapes_an_outage_and_every_panel_shows_it() {
    let queries = queries();
    assert!(queries.len() > 20);
    let target = route::serve();
    thread::spawn(|| Builder::new_current_thread().enable_time().build().unwrap().block_on(outage::run()));
    let server = Prometheus::start(target);
    for job in ["text", "openmetrics"] {
        let query = format!("resilience_circuit_state{{job={job:?},name=\"search\",state=\"open\"}} == 1");
        wait_for(&query, || server.query(&query).len() == 1);
        let scrapes = format!("min_over_time(up{{job={job:?}}}[1m]) == 1");
        assert_eq!(server.query(&scrapes).len(), 1, "every scrape of the job {job} succeeded");
    }
    for (title, query) in queries {
        wait_for(&format!("{title}: {query}"), || {
            let series = server.query(&query);
            series.iter().any(is_number)
        });
    }
    let top = "resilience_circuit_key_calls_total{job=\"text\",name=\"prices\",key=\"7\",outcome=\"rejected\"} > 0";
    wait_for(top, || server.query(top).len() == 1);
    assert_eq!(server.query("count by (key) (resilience_circuit_key_state{job=\"text\",name=\"prices\"})").len(), 3);
    wait_for("the alert waits for its time", || {
        let alerts = server.api("/api/v1/alerts");
        alerts["data"]["alerts"]
            .as_array()
            .unwrap()
            .iter()
            .any(|alert| alert["labels"]["alertname"] == "ResilienceCircuitOpen" && alert["labels"]["name"] == "search")
    });
    let types = server.api("/api/v1/metadata?metric=resilience_call_duration_seconds");
    assert_eq!(types["data"]["resilience_call_duration_seconds"][0]["type"], "histogram");
}
