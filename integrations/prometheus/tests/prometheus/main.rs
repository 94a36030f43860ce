//! Tests the metrics with a real Prometheus, which scrapes the metrics during a simulated outage. Cargo builds these
//! tests only with the feature `real-servers`. The server `prometheus` and the tool `promtool` must be installed, for
//! example from Debian's package.

mod board;
mod checks;
mod facade;
mod outage;
mod route;
mod server;

use std::path::PathBuf;

/// Returns the path of a file in the folder `docs/grafana`.
fn grafana(file: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "docs", "grafana", file].iter().collect()
}
