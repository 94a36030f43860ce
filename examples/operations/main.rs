//! Shows a service whose settings can change without a deploy. The settings come from a file that the service watches,
//! and from the environment. Routes report the metrics, the current settings and the health of the service.
//!
//! The program starts the service on this machine, and plays the roles of a user, an operator, a load balancer and
//! Prometheus. During an outage, the operator writes a lower threshold into the file, and the next failure opens the
//! circuit.
//!
//! Run this example with `cargo run --features config --example operations`. An environment variable takes precedence
//! over the file: `RESILIENCE__RETRY__SEARCH__MAX=2 cargo run ..`.

mod outage;
mod service;

use std::error::Error;
use std::path::Path;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use resilience_runtime::metrics::MetricsReader;
use resilience_runtime::{
    Config, Health, HealthRules, HealthStatus, dump_config, health, prometheus_text, set_health_rules,
};
use tokio::net::TcpListener;

use crate::outage::Outage;

/// Applies the settings from a watched file and from the environment, and sets the rules for the health report. Returns
/// the routes for a load balancer, Prometheus and an operator.
///
/// The readiness probe fails while the circuit of the search is open. The liveness probe still succeeds, because a
/// restart of this process would not end the outage of another service.
fn switch_on(file: &Path) -> Result<Router, Box<dyn Error>> {
    Config::from_file(file)?.apply()?;
    Config::from_env()?.apply()?;
    tokio::spawn(Config::watch(file));
    set_health_rules(HealthRules::new().essential("search"))?;
    let metrics = async || ([(CONTENT_TYPE, MetricsReader::PROMETHEUS_CONTENT_TYPE)], prometheus_text());
    let code = |status| if status == HealthStatus::Down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let ready = move |health: Health| (code(health.status), health.to_string());
    let probes = Router::new().route("/live", get(async || "ok")).route("/ready", get(async move || ready(health())));
    Ok(probes.route("/metrics", get(metrics)).route("/settings", get(async || dump_config())))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = Outage::settings_file()?;
    let routes = switch_on(&file)?.route("/search", get(service::page));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let outage = Outage::new(file, listener.local_addr()?)?;
    tokio::spawn(axum::serve(listener, routes).into_future());
    outage.run().await
}
