//! Shows a service whose settings an operator can change while the service runs. The settings come from a file that the
//! service watches, and from the environment. Routes report the settings in force and the health of the service.
//!
//! The program starts the service on this machine, and acts as a user, an operator and a load balancer. The operator
//! lowers a threshold in the file during an outage, and the next failure opens the circuit.
//!
//! Run this example with `cargo run --features config --example operations`. A setting of the environment takes
//! precedence over the file: `RESILIENCE__RETRY__SEARCH__MAX=2 cargo run ..`.

mod outage;
mod search;
mod service;

use std::error::Error;

use axum::Router;
use axum::routing::get;
use resilience_runtime::{Config, HealthRules, dump_config, set_health_rules};
use tokio::net::TcpListener;

use crate::outage::Outage;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = Outage::settings_file()?;
    Config::from_file(&file)?.apply()?;
    Config::from_env()?.apply()?;
    tokio::spawn(Config::watch(&file));
    set_health_rules(HealthRules::new().essential("search"))?;
    let routes = Router::new()
        .route("/search", get(service::search))
        // Add a route for the metrics here: `.route("/metrics", get(|| async { prometheus_text() }))`.
        .route("/settings", get(|| async { dump_config() }))
        .route("/live", get(|| async { "ok" }))
        .route("/ready", get(service::ready));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let outage = Outage::new(file, listener.local_addr()?)?;
    tokio::spawn(axum::serve(listener, routes).into_future());
    outage.run().await
}
