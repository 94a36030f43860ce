//! Implements the worker: takes orders from a queue, and works on several orders at the same time.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use resilience_runtime::{Bulkhead, BulkheadFullError, ConfigError};
use tokio::select;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::payments::{Order, PaymentError, Payments};

/// The longest time for which the worker waits for its orders in progress after the signal to end.
const PATIENCE: Duration = Duration::from_millis(600);
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error(transparent)]
    Payment(#[from] PaymentError),
    #[error(transparent)]
    Full(#[from] BulkheadFullError),
    #[error("the thread that draws the invoice has panicked")]
    Drawing(#[from] JoinError),
}

/// The orders of one run of the worker.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) done: Vec<u32>,
    pub(crate) failed: Vec<u32>,
    /// The orders that were in progress when the worker ended. The queue must deliver these orders again.
    pub(crate) unfinished: Vec<u32>,
}

#[derive(Clone)]
pub(crate) struct Worker {
    payments: Arc<Payments>,
    /// The orders in progress. The worker takes no order from the queue without a free slot.
    orders: Bulkhead,
    /// The threads that draw invoices.
    threads: Bulkhead,
    drawn: Arc<[AtomicU32; 2]>,
}

impl Worker {
    pub(crate) fn new(payments: Payments) -> Result<Self, ConfigError> {
        let orders = Bulkhead::builder("orders", 8).wait(LONG).build()?;
        let threads = Bulkhead::builder("threads", 2).wait(LONG).build()?;
        Ok(Self { payments: Arc::new(payments), orders, threads, drawn: Arc::default() })
    }

    /// Works on the orders of the queue until all orders of a closed queue have ended, or until `stop` is ready. After
    /// `stop`, the worker takes no further order, and waits for the orders in progress.
    pub(crate) async fn run(&self, queue: &mut UnboundedReceiver<Order>, stop: impl Future<Output = ()>) -> Report {
        let (mut report, mut tasks, mut stop) = (Report::default(), JoinSet::new(), pin!(stop));
        let mut is_open = true;
        while is_open || !tasks.is_empty() {
            let next = async {
                let slot = self.orders.acquire_owned().await.ok()?;
                Some((queue.recv().await?, slot))
            };
            select! {
                biased;
                () = &mut stop => {
                    // By hand until a bulkhead can wait for the end of all its calls.
                    let rest = async {
                        while let Some(ended) = tasks.join_next().await {
                            report.end(ended);
                        }
                    };
                    // Ignores the result, because `unfinished` contains the orders that do not end in time.
                    let _ = timeout(PATIENCE, rest).await;
                    break;
                }
                Some(ended) = tasks.join_next(), if !tasks.is_empty() => report.end(ended),
                next = next, if is_open => match next {
                    None => is_open = false,
                    Some((order, slot)) => {
                        report.unfinished.push(order.id);
                        let worker = self.clone();
                        tasks.spawn(async move {
                            let _slot = slot;
                            (order.id, worker.process(order).await)
                        });
                    }
                },
            }
        }
        report
    }

    async fn process(&self, order: Order) -> Result<(), OrderError> {
        let slot = self.threads.acquire_owned().await?;
        let drawn = self.drawn.clone();
        // The thread holds the slot, and keeps the slot even if the worker gives up the order.
        let invoice = spawn_blocking(move || {
            let _slot = slot;
            draw(order, &drawn)
        });
        Ok(self.payments.charge(order, &invoice.await?).await?)
    }

    /// Returns the largest number of threads that drew invoices at the same time.
    pub(crate) fn most_drawn(&self) -> u32 {
        self.drawn[1].load(Ordering::Relaxed)
    }
}

/// Draws an invoice. Stands for a long computation, such as the layout of a document.
fn draw(order: Order, [running, most]: &[AtomicU32; 2]) -> String {
    most.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
    let number = (0..100_000).fold(order.id, |number, step| number.rotate_left(5) ^ step);
    running.fetch_sub(1, Ordering::Relaxed);
    format!("invoice {number:08x}: {} cents", order.cents)
}

impl Report {
    /// Records the end of an order. If the task of the order has panicked, the order remains unfinished.
    fn end(&mut self, ended: Result<(u32, Result<(), OrderError>), JoinError>) {
        let Ok((id, outcome)) = ended else { return };
        if let Some(place) = self.unfinished.iter().position(|&unfinished| unfinished == id) {
            self.unfinished.swap_remove(place);
        }
        match outcome {
            Ok(()) => self.done.push(id),
            Err(error) => {
                if self.failed.is_empty() {
                    println!("  order {id}: {error}");
                }
                self.failed.push(id);
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, failed, unfinished } = self;
        write!(f, "{} orders done, {} failed, {} unfinished", done.len(), failed.len(), unfinished.len())
    }
}
