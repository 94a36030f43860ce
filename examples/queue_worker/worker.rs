//! Implements the worker: takes the numbers of orders from a queue, and works on several orders at the same time.

use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::Client;
use resilience_runtime::{
    Bulkhead, ConfigError, Rejection, RetryBudget, TokenBucket, bulkhead, rate_limit, retry, timeout,
};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinSet, spawn_blocking};

/// The longest time for which the worker waits for orders in progress after a stop signal.
const PATIENCE: Duration = Duration::from_millis(600);
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// Limits the retries of all orders together. A retry costs five tokens, and a success puts tokens back.
pub(crate) static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket { capacity: 30, ..TokenBucket::DEFAULT });

#[derive(Debug, thiserror::Error)]
pub(crate) enum OrderError {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("the payment service has not confirmed the charge")]
    Http(#[from] reqwest::Error),
}

impl OrderError {
    // The service may have charged the customer before the error, but the idempotency key makes a repeated request
    // safe.
    fn is_temporary(&self) -> bool {
        match self {
            Self::Rejected(rejection) => rejection.was_called(),
            Self::Http(error) => !error.status().is_some_and(|status| status.is_client_error()),
        }
    }
}

/// The orders of one run of the worker.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) done: Vec<u32>,
    pub(crate) failed: Vec<u32>,
    /// The orders that were still in progress when the run ended. The queue must deliver these orders again.
    pub(crate) unfinished: Vec<u32>,
}

#[derive(Clone)]
pub(crate) struct Worker {
    http: Client,
    url: String,
    /// Limits the number of orders in progress. The worker takes an order from the queue only when a slot is free.
    orders: Bulkhead,
    /// Limits the number of threads that draw invoices.
    threads: Bulkhead,
}

impl Worker {
    pub(crate) fn new(http: Client, url: String) -> Result<Self, ConfigError> {
        let orders = Bulkhead::builder("orders", 8).wait(LONG).build()?;
        let threads = Bulkhead::builder("threads", 2).wait(LONG).build()?;
        Ok(Self { http, url, orders, threads })
    }

    /// Works on the orders of the queue until the queue is closed and empty, or until `stop` is ready. Then waits for
    /// the orders in progress. If `stop` was ready, this wait takes at most [`PATIENCE`].
    pub(crate) async fn run(&self, queue: &mut UnboundedReceiver<u32>, stop: impl Future<Output = ()>) -> Report {
        let (mut report, mut tasks, mut stop) = (Report::default(), JoinSet::new(), pin!(stop));
        let patience = loop {
            let next = async {
                let slot = self.orders.acquire_owned().await.ok()?;
                Some((queue.recv().await?, slot))
            };
            let (order, slot) = tokio::select! {
                () = &mut stop => break PATIENCE,
                next = next => match next {
                    Some(next) => next,
                    None => break LONG,
                },
            };
            report.unfinished.push(order);
            let worker = self.clone();
            tasks.spawn(async move {
                let _slot = slot;
                (order, worker.process(order).await)
            });
        };
        // The example waits for each order itself, because a bulkhead has no method that waits until all its calls have
        // ended.
        let rest = async {
            while let Some(ended) = tasks.join_next().await {
                // If the task of an order has panicked, the order stays in `unfinished`.
                let Ok((order, outcome)) = ended else { continue };
                let place = report.unfinished.iter().position(|begun| *begun == order);
                report.unfinished.swap_remove(place.expect("the order has begun"));
                if outcome.is_ok() { &mut report.done } else { &mut report.failed }.push(order);
            }
        };
        // Ignores the result of the timeout, because `unfinished` contains the orders that do not end in time.
        let _ = tokio::time::timeout(patience, rest).await;
        report
    }

    async fn process(&self, order: u32) -> Result<(), OrderError> {
        let slot = self.threads.acquire_owned().await.map_err(Rejection::from)?;
        // The thread holds the slot until the invoice is drawn, even if the run of the worker ends earlier.
        let invoice = spawn_blocking(move || {
            let _slot = slot;
            draw(order)
        });
        self.charge(order, invoice.await.expect("the thread draws the invoice")).await
    }

    /// Charges the customer of an order. Because the bulkhead is above the rate limit, each request that the rate limit
    /// admits starts at once.
    #[retry(max = 4, delay = "10ms", jitter = "full", retry_if = OrderError::is_temporary, budget = BUDGET)]
    #[bulkhead(max = 4, wait = "10s")]
    #[rate_limit(per_second = 100, burst = 5, wait = "10s")]
    #[timeout(2)]
    async fn charge(&self, order: u32, invoice: String) -> Result<(), OrderError> {
        let request = self.http.post(&self.url).header("idempotency-key", order).body(invoice.clone());
        request.send().await?.error_for_status()?;
        Ok(())
    }
}

/// Draws an invoice. Simulates a long computation, such as the layout of a document.
fn draw(order: u32) -> String {
    static RUNNING: AtomicU32 = AtomicU32::new(0);
    assert!(RUNNING.fetch_add(1, Ordering::Relaxed) < 2, "at most two threads draw invoices at the same time");
    let number = (0..100_000).fold(order, |number, step| number.rotate_left(5) ^ step);
    RUNNING.fetch_sub(1, Ordering::Relaxed);
    format!("invoice {number:08x}")
}
