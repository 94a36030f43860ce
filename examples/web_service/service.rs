//! Implements the web service: the page of a product, and the health route.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use resilience_runtime::{CircuitState, Rejection, Stats, bulkhead, deadline, get_stats};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::try_join;

use crate::upstreams::{UpstreamError, Upstreams};

/// The header in which a caller states for how many milliseconds it waits.
pub(crate) const TIME: &str = "x-time-ms";
const LONGEST: Duration = Duration::from_secs(1);

#[derive(Serialize)]
struct Page {
    title: String,
    price: Option<u32>,
    reviews: Option<Vec<String>>,
    /// The parts of the page whose upstream is down.
    missing: Vec<&'static str>,
}

pub(crate) fn router(upstreams: Upstreams) -> Router {
    let pages = Router::new().route("/{tenant}/products/{product}", get(page)).layer(from_fn(within_deadline));
    pages.route("/health", get(health)).with_state(Arc::new(upstreams))
}

#[bulkhead(name = "pages", max = 8)]
async fn page(
    State(upstreams): State<Arc<Upstreams>>,
    Path((tenant, product)): Path<(String, u32)>,
) -> Result<Json<Page>, UpstreamError> {
    let (title, price, reviews) =
        try_join!(upstreams.title(product), upstreams.price(&tenant, product), upstreams.reviews(product))?;
    let missing = [("price", price.is_none()), ("reviews", reviews.is_none())];
    let missing = missing.into_iter().filter_map(|(part, is_missing)| is_missing.then_some(part)).collect();
    Ok(Json(Page { title, price, reviews, missing }))
}

// By hand until the library has a layer for the deadline of a request.
async fn within_deadline(request: Request, next: Next) -> Response {
    let time = request.headers().get(TIME).and_then(|time| time.to_str().ok()?.parse().ok());
    let time = time.map_or(LONGEST, Duration::from_millis).min(LONGEST);
    deadline(time, next.run(request)).await
}

// By hand until the library converts rejections to HTTP answers.
impl IntoResponse for UpstreamError {
    fn into_response(self) -> Response {
        let (status, rejection) = match &self {
            Self::Rejected(rejection @ Rejection::Timeout(_)) => (StatusCode::GATEWAY_TIMEOUT, Some(rejection)),
            Self::Rejected(rejection) => (StatusCode::SERVICE_UNAVAILABLE, Some(rejection)),
            Self::Status(StatusCode::NOT_FOUND) => (StatusCode::NOT_FOUND, None),
            Self::Status(_) | Self::Http(_) => (StatusCode::BAD_GATEWAY, None),
        };
        // The header has a resolution of one second. Rounds up, so that the caller does not come too early.
        let wait = rejection.and_then(Rejection::retry_after).map(|wait| wait.as_secs_f64().ceil().to_string());
        (status, wait.map(|wait| [(RETRY_AFTER, wait)]), Json(json!({ "error": self.to_string() }))).into_response()
    }
}

// By hand until the library has a health report.
/// Returns whether the service works, the state of each circuit, and the number of running requests.
///
/// The service is down only while the circuit of the catalogue is open. A half-open circuit does not make the service
/// down: without requests, the circuit would never close.
async fn health() -> (StatusCode, Json<Value>) {
    let Stats { circuits, bulkheads, .. } = get_stats();
    let is_open = |name| circuits.get(name).is_some_and(|circuit| circuit.state == CircuitState::Open);
    let (code, status) = if is_open("catalogue") {
        (StatusCode::SERVICE_UNAVAILABLE, "down")
    } else if circuits.values().all(|circuit| circuit.state == CircuitState::Closed) {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::OK, "degraded")
    };
    let circuits: Value = circuits.iter().map(|(name, circuit)| (name.clone(), circuit.state.as_str())).collect();
    (code, Json(json!({ "status": status, "circuits": circuits, "running": bulkheads["pages"].in_use })))
}
