//! Defines the client of the payment service.

use reqwest::{Client, StatusCode};
use resilience_runtime::{Rejection, RetryBudget, TokenBucket, bulkhead, rate_limit, retry, timeout};
use serde_json::json;

/// Limits the retries of all orders together. A retry costs five tokens, and a success puts tokens back.
pub(crate) static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket { capacity: 30, ..TokenBucket::DEFAULT });

#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) id: u32,
    pub(crate) cents: u32,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum PaymentError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("the payment service answers with {0}")]
    Status(StatusCode),
    #[error("no connection to the payment service")]
    Http(#[from] reqwest::Error),
}

impl PaymentError {
    /// Returns `true` also for an error after which the charge may have been made, because the idempotency key makes a
    /// repeated request safe.
    fn is_temporary(&self) -> bool {
        match self {
            Self::Rejected(rejection) => rejection.was_called(),
            Self::Status(status) => status.is_server_error(),
            Self::Http(_) => true,
        }
    }
}

pub(crate) struct Payments {
    http: Client,
    url: String,
}

impl Payments {
    pub(crate) fn new(http: Client, url: String) -> Self {
        Self { http, url }
    }

    /// Charges the customer of an order. The bulkhead is above the rate limit, so that the requests start at the pace
    /// of the rate limit.
    #[retry(max = 4, delay = "10ms", jitter = "full", retry_if = PaymentError::is_temporary, budget = BUDGET)]
    #[bulkhead(max = 4, wait = "10s")]
    #[rate_limit(per_second = 100, burst = 5, wait = "10s")]
    #[timeout(2)]
    pub(crate) async fn charge(&self, order: Order, invoice: &str) -> Result<(), PaymentError> {
        let request = self.http.post(&self.url).header("idempotency-key", order.id);
        let response = request.json(&json!({ "cents": order.cents, "invoice": invoice })).send().await?;
        match response.status() {
            status if status.is_success() => Ok(()),
            status => Err(PaymentError::Status(status)),
        }
    }
}
