//! Implements the routes of the service.

use axum::http::StatusCode;
use resilience_runtime::{HealthStatus, health};

use crate::search;

/// Answers the requests of users.
pub(crate) async fn search() -> Result<&'static str, (StatusCode, String)> {
    search::search().await.map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))
}

/// Answers the readiness probe of a load balancer. The liveness probe has another route, which never reports an outage,
/// because a restart would not end the outage of another service.
pub(crate) async fn ready() -> (StatusCode, String) {
    let health = health();
    let code = match health.status {
        HealthStatus::Down => StatusCode::SERVICE_UNAVAILABLE,
        HealthStatus::Ok | HealthStatus::Degraded => StatusCode::OK,
    };
    (code, health.to_string())
}
