//! Defines the clients of the three upstreams, and their error type.

use axum::http::StatusCode;
use reqwest::Client;
use resilience_runtime::{Rejection, circuit, fallback, retry, timeout};
use serde::de::DeserializeOwned;

#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("an upstream answers with {0}")]
    Status(StatusCode),
    #[error("no usable answer from an upstream")]
    Http(#[from] reqwest::Error),
}

impl UpstreamError {
    /// Returns `false` for a client error (status 4xx), such as an unknown product.
    fn is_failure(&self) -> bool {
        !matches!(self, Self::Status(status) if status.is_client_error())
    }

    fn is_temporary(&self) -> bool {
        matches!(self, Self::Status(status) if status.is_server_error())
    }
}

pub(crate) struct Upstreams {
    http: Client,
    catalogue: String,
    prices: String,
    reviews: String,
}

impl Upstreams {
    pub(crate) fn new(http: Client, urls: [&String; 3]) -> Self {
        let [catalogue, prices, reviews] = urls.map(Clone::clone);
        Self { http, catalogue, prices, reviews }
    }

    /// Returns the title of a product.
    #[retry(max = 2, delay = "10ms", jitter = "full", retry_if = UpstreamError::is_temporary)]
    #[circuit(name = "catalogue", threshold = 4, failure_if = UpstreamError::is_failure)]
    #[timeout("1s")]
    pub(crate) async fn title(&self, product: u32) -> Result<String, UpstreamError> {
        self.get(format!("{}/{product}", self.catalogue)).await
    }

    /// Returns the price of a product in cents, or `None` if the upstream is down.
    #[fallback(value = None)]
    #[circuit(name = "prices", key = tenant, threshold = 2, failure_if = UpstreamError::is_failure)]
    #[timeout("250ms")]
    pub(crate) async fn price(&self, tenant: &str, product: u32) -> Result<Option<u32>, UpstreamError> {
        self.get(format!("{}/{tenant}/{product}", self.prices)).await
    }

    /// Returns the reviews of a product, or `None` if the upstream is down.
    #[fallback(value = None)]
    #[circuit(name = "reviews", threshold = 2, failure_if = UpstreamError::is_failure)]
    #[timeout("250ms")]
    pub(crate) async fn reviews(&self, product: u32) -> Result<Option<Vec<String>>, UpstreamError> {
        self.get(format!("{}/{product}", self.reviews)).await
    }

    async fn get<T: DeserializeOwned>(&self, url: String) -> Result<T, UpstreamError> {
        let response = self.http.get(url).send().await?;
        if !response.status().is_success() {
            return Err(UpstreamError::Status(response.status()));
        }
        Ok(response.json().await?)
    }
}
