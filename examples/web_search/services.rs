//! Defines the clients of the search services Exa and Tavily, and the error type of the clients. The error type decides
//! which errors a circuit counts as failures, and which errors are temporary.

use reqwest::{Client, RequestBuilder, Response, StatusCode};
use resilience_runtime::{CircuitOpenError, TimeoutError, circuit, retry, timeout};
use serde::Deserialize;
use serde_json::json;

const HITS: u32 = 5;

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Hit {
    /// Title of the page. Exa omits this field if the page has no title.
    pub(crate) title: Option<String>,
    pub(crate) url: String,
}

/// The fields of a service's answer that the search uses.
#[derive(Deserialize)]
struct Hits {
    results: Vec<Hit>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// The circuit rejected the call, so no request was sent.
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
    /// Returns whether the circuit counts the error as a failure. Among the client errors (status 4xx), only "429 Too
    /// Many Requests" is a failure. All other client errors, such as a wrong key, are the caller's fault.
    pub(crate) fn is_the_services_fault(&self) -> bool {
        !matches!(self, Self::Status(status) if status.is_client_error() && *status != StatusCode::TOO_MANY_REQUESTS)
    }

    /// Returns `true` only for server errors (status 5xx), after which a second attempt may succeed. Returns `false`
    /// for a timeout, so that a search does not wait for two timeouts of one service.
    pub(crate) fn is_temporary(&self) -> bool {
        matches!(self, Self::Status(status) if status.is_server_error())
    }
}

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

    #[retry(max = 2, delay = "100ms", retry_if = ServiceError::is_temporary)]
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
