//! Shows a worker that takes orders from a queue, draws an invoice for each order, and charges the customer through a
//! payment service. The queue may deliver an order twice, the service may lose an answer, and the program may end while
//! orders are in progress. Nevertheless, each customer is charged exactly once: each charge has an idempotency key, and
//! the service remembers the keys.
//!
//! Run this example with `cargo run --example queue_worker`. The program starts a stand-in for the payment service on
//! this machine.

mod payments;
mod stand_in;
mod worker;

use std::error::Error;
use std::future::pending;
use std::time::{Duration, Instant};

use reqwest::Client;
use resilience_runtime::{check, get_stats};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::payments::{BUDGET, Order, Payments};
use crate::stand_in::{Mood, StandIn};
use crate::worker::Worker;

/// Returns a queue that contains the orders, and receives no further order.
fn queue(orders: impl IntoIterator<Item = u32>) -> UnboundedReceiver<Order> {
    let (sender, queue) = unbounded_channel();
    for id in orders {
        // Ignores the result, because sending fails only if the queue has been dropped.
        let _ = sender.send(Order { id, cents: id * 100 });
    }
    queue
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    assert_eq!(check(), Ok(()));
    let service = StandIn::start().await?;
    // Ignores proxies and certificates, so that the program runs on every machine.
    let http = Client::builder().no_proxy().tls_certs_only([]).build()?;
    let worker = Worker::new(Payments::new(http, service.url()))?;

    println!("The queue delivers order 3 twice, and the service loses the first answer to each fourth order:");
    service.set(Mood::LosingAnswers);
    let report = worker.run(&mut queue((1..=12).chain([3])), pending()).await;
    println!("  {report}");
    assert_eq!((report.done.len(), report.failed.len()), (13, 0));
    assert_eq!(service.requests(), 13 + 3);
    assert_eq!(service.charged(), (1..=12).collect::<Vec<_>>());
    assert!(worker.most_drawn() <= 2, "at most two threads draw invoices at the same time");

    println!("The service is down. The budget grants six retries to all orders together:");
    service.set(Mood::Failing);
    let report = worker.run(&mut queue(13..=22), pending()).await;
    println!("  {report}");
    assert_eq!((report.done.len(), report.failed.len()), (0, 10));
    assert_eq!(service.requests(), 16 + 10 + 6);
    println!("  the budget granted {} retries, and denied {}", BUDGET.stats().granted - 3, BUDGET.stats().denied);

    println!("The service works again, but hangs at order 23. The program receives a signal to end:");
    service.set(Mood::HangingAt(23));
    let mut orders = queue([23].into_iter().chain(report.failed).chain(24..=40));
    // A real program waits for `tokio::signal::ctrl_c` here.
    let report = worker.run(&mut orders, service.hanging()).await;
    let mut rest = report.unfinished.clone();
    while let Ok(order) = orders.try_recv() {
        rest.push(order.id);
    }
    println!("  {report}, {} not begun", rest.len() - report.unfinished.len());
    assert_eq!(report.unfinished, [23]);
    assert_eq!(report.done.len() + rest.len(), 28, "the worker loses no order");

    println!("The program starts again, and the queue delivers all orders of the last run:");
    service.set(Mood::Well);
    let begin = Instant::now();
    let report = worker.run(&mut queue(13..=40), pending()).await;
    println!("  {report}, in {:.2} s", begin.elapsed().as_secs_f64());
    assert_eq!(report.done.len(), 28);
    assert_eq!(service.charged(), (1..=40).collect::<Vec<_>>(), "each order is charged exactly once");

    // The rate limit admits five requests at once, and then one request in 10 ms.
    assert!(begin.elapsed() >= Duration::from_millis(10) * (28 - 5));
    let limit = &get_stats().rate_limits["queue_worker::payments::charge"];
    println!("The rate limit admitted {} requests, and rejected {}.", limit.total_admitted, limit.total_rejected);
    assert_eq!((limit.total_admitted, limit.total_rejected), (service.requests().into(), 0));
    Ok(())
}
