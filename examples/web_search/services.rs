//! The two search services, and what their errors mean.

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use resilience_runtime::{CircuitOpenError, TimeoutError, circuit, retry, timeout};
use serde::Deserialize;
use serde_json::json;

/// How many hits to ask for.
const HITS: u32 = 5;

/// One answer to a query.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Hit {
    /// Exa leaves out the title of a page that has none.
    pub(crate) title: Option<String>,
    pub(crate) url: String,
}

/// Both services answer with more than that; nobody here reads it.
#[derive(Deserialize)]
struct Hits {
    results: Vec<Hit>,
}

/// Why a service gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// The circuit was open: the service was not asked.
    #[error(transparent)]
    Open(#[from] CircuitOpenError),
    #[error("the service says {0}")]
    Status(StatusCode),
    #[error("no answer in time")]
    Timeout(#[from] TimeoutError),
    #[error("no connection")]
    Connection(#[source] reqwest::Error),
    #[error("no usable answer")]
    Other(#[source] reqwest::Error),
}

impl From<reqwest::Error> for ServiceError {
    fn from(error: reqwest::Error) -> Self {
        if error.is_connect() { Self::Connection(error) } else { Self::Other(error) }
    }
}

impl ServiceError {
    /// A wrong key or a bad query is ours, and no reason to stop asking. "Too many requests" is one.
    pub(crate) fn is_the_services_fault(&self) -> bool {
        !matches!(self, Self::Status(status) if status.is_client_error() && *status != StatusCode::TOO_MANY_REQUESTS)
    }

    /// A hiccup that the next attempt may not meet. Nobody waits for a timeout twice.
    pub(crate) fn is_brief(&self) -> bool {
        matches!(self, Self::Status(status) if status.is_server_error())
    }
}

/// Where a service is, and what it knows us by.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) key: String,
}

pub(crate) struct Exa {
    http: Client,
    endpoint: Endpoint,
}

impl Exa {
    pub(crate) fn new(http: Client, endpoint: Endpoint) -> Self {
        Self { http, endpoint }
    }

    pub(crate) async fn search(&self, query: &str) -> Result<Vec<Hit>, ServiceError> {
        let request = self.http.post(&self.endpoint.url).header("x-api-key", &self.endpoint.key);
        hits(request.json(&json!({ "query": query, "numResults": HITS }))).await
    }
}

pub(crate) struct Tavily {
    http: Client,
    endpoint: Endpoint,
}

impl Tavily {
    pub(crate) fn new(http: Client, endpoint: Endpoint) -> Self {
        Self { http, endpoint }
    }

    #[retry(max = 2, delay = "100ms", retry_if = ServiceError::is_brief)]
    #[circuit(name = "tavily_api", failure_if = ServiceError::is_the_services_fault)]
    #[timeout(2)]
    pub(crate) async fn search(&self, query: &str) -> Result<Vec<Hit>, ServiceError> {
        let request = self.http.post(&self.endpoint.url).bearer_auth(&self.endpoint.key);
        hits(request.json(&json!({ "query": query, "max_results": HITS }))).await
    }
}

async fn hits(request: RequestBuilder) -> Result<Vec<Hit>, ServiceError> {
    let response: Response = request.send().await?;
    if !response.status().is_success() {
        return Err(ServiceError::Status(response.status()));
    }
    Ok(response.json::<Hits>().await?.results)
}
