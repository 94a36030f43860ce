//! Implements the web service: the clients of its upstreams, the page of a product, and the health route.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use resilience_runtime::{
    Health, HealthStatus, Rejection, bulkhead, circuit, deadline, fallback, health, retry, timeout,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The header in which a caller states the time limit of its request, in milliseconds.
pub(crate) const TIME: &str = "x-time-ms";

#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("no usable answer from an upstream")]
    Http(#[from] reqwest::Error),
}

impl UpstreamError {
    /// Returns `false` for a client error (status 4xx), such as an unknown product.
    fn is_failure(&self) -> bool {
        !matches!(self, Self::Http(error) if error.status().is_some_and(|status| status.is_client_error()))
    }
}

pub(crate) struct Upstreams {
    pub(crate) http: reqwest::Client,
    pub(crate) catalogue: String,
    pub(crate) prices: String,
    pub(crate) reviews: String,
}

impl Upstreams {
    #[retry(max = 2, delay = "10ms", jitter = "full", retry_if = UpstreamError::is_failure)]
    #[circuit(name = "catalogue", threshold = 4, failure_if = UpstreamError::is_failure)]
    #[timeout("1s")]
    async fn title(&self, product: u32) -> Result<String, UpstreamError> {
        self.get(format!("{}/{product}", self.catalogue)).await
    }

    /// Returns the price of a product in cents, or `None` after an error of any kind.
    #[fallback(value = None)]
    #[circuit(name = "prices", key = tenant, threshold = 2, failure_if = UpstreamError::is_failure)]
    #[timeout("250ms")]
    async fn price(&self, tenant: &str, product: u32) -> Result<Option<u32>, UpstreamError> {
        self.get(format!("{}/{tenant}/{product}", self.prices)).await
    }

    /// Returns the reviews of a product, or `None` after an error of any kind.
    #[fallback(value = None)]
    #[circuit(name = "reviews", threshold = 2, failure_if = UpstreamError::is_failure)]
    #[timeout("250ms")]
    async fn reviews(&self, product: u32) -> Result<Option<Vec<String>>, UpstreamError> {
        self.get(format!("{}/{product}", self.reviews)).await
    }

    async fn get<T: DeserializeOwned>(&self, url: String) -> Result<T, UpstreamError> {
        Ok(self.http.get(url).send().await?.error_for_status()?.json().await?)
    }
}

pub(crate) fn router(upstreams: Upstreams) -> Router {
    let pages = Router::new().route("/{tenant}/products/{product}", get(page)).layer(from_fn(within_deadline));
    pages.route("/health", get(report)).with_state(Arc::new(upstreams))
}

/// Returns the page of a product. If the call for the price or for the reviews fails, the page contains `null` instead.
#[bulkhead(name = "pages", max = 2)]
async fn page(
    State(upstreams): State<Arc<Upstreams>>,
    Path((tenant, product)): Path<(String, u32)>,
) -> Result<Json<Value>, UpstreamError> {
    let (title, price) = (upstreams.title(product), upstreams.price(&tenant, product));
    let (title, price, reviews) = tokio::try_join!(title, price, upstreams.reviews(product))?;
    Ok(Json(json!({ "title": title, "price": price, "reviews": reviews })))
}

// The example sets the deadline of each request itself, because the library has no middleware for axum.
async fn within_deadline(request: Request, next: Next) -> Response {
    let time = request.headers().get(TIME).and_then(|time| time.to_str().ok()?.parse().ok());
    deadline(Duration::from_millis(time.unwrap_or(1_000).min(1_000)), next.run(request)).await
}

// The example converts each error to an HTTP answer itself, because the library does not convert rejections to HTTP
// answers.
impl IntoResponse for UpstreamError {
    fn into_response(self) -> Response {
        let (status, wait) = match &self {
            Self::Rejected(Rejection::Timeout(_)) => (StatusCode::GATEWAY_TIMEOUT, None),
            Self::Rejected(rejection) => (StatusCode::SERVICE_UNAVAILABLE, rejection.retry_after()),
            Self::Http(error) if error.status() == Some(StatusCode::NOT_FOUND) => (StatusCode::NOT_FOUND, None),
            Self::Http(_) => (StatusCode::BAD_GATEWAY, None),
        };
        // Rounds up, because the header contains whole seconds, and the caller must not repeat the request too early.
        let wait = wait.map(|wait| [(RETRY_AFTER, wait.as_secs_f64().ceil().to_string())]);
        (status, wait, Json(json!({ "error": self.to_string() }))).into_response()
    }
}

async fn report() -> (StatusCode, Json<Health>) {
    let health = health();
    let is_down = health.status == HealthStatus::Down;
    (if is_down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, Json(health))
}
