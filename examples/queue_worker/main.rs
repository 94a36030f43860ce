//! Shows a worker that takes orders from a queue, draws an invoice for each order, and charges the customer through a
//! payment service. The queue may deliver an order twice, the service may lose an answer, and the program may end while
//! orders are in progress. Nevertheless, each customer is charged exactly once. Each charge has an idempotency key, and
//! the service makes no second charge with the same key.
//!
//! Run this example with `cargo run --example queue_worker`. The program starts a stand-in for the payment service.

mod stand_in;
mod worker;

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::stand_in::{Mood, StandIn};
use crate::worker::{BUDGET, Worker};

/// Returns a queue that contains the orders, and receives no further order.
fn queue(orders: impl IntoIterator<Item = u32>) -> UnboundedReceiver<u32> {
    let (sender, queue) = unbounded_channel();
    orders.into_iter().for_each(|order| sender.send(order).unwrap());
    queue
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let service = Arc::<Mutex<StandIn>>::default();
    let set = |mood| service.lock().unwrap().mood = mood;
    let requests = || service.lock().unwrap().requests;
    // Ignores proxy settings and installed certificates, so that the program runs on every machine.
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
    let worker = Worker::new(http, stand_in::start(service.clone()).await?)?;

    println!("The queue delivers order 3 twice, and the service loses the first answer to each fourth order:");
    set(Mood::LosingAnswers);
    let report = worker.run(&mut queue((1..=12).chain([3])), pending()).await;
    println!("  {report:?}");
    assert_eq!((report.done.len(), report.failed.len(), requests()), (13, 0, 13 + 3));

    println!("The service is down. The budget grants six retries to all orders together:");
    set(Mood::Failing);
    let report = worker.run(&mut queue(13..=22), pending()).await;
    println!("  {report:?}\n  {:?}", BUDGET.stats());
    assert_eq!((report.done.len(), report.failed.len(), requests()), (0, 10, 16 + 10 + 6));

    println!("The service works again, but hangs at order 23. The program receives a signal to end:");
    set(Mood::HangingAt(23));
    let mut orders = queue([23].into_iter().chain(report.failed).chain(24..=40));
    // A real program waits for `tokio::signal::ctrl_c` here.
    let report = worker.run(&mut orders, tokio::time::sleep(Duration::from_millis(100))).await;
    println!("  {report:?}, {} orders not begun", orders.len());
    assert_eq!(report.unfinished, [23]);
    assert_eq!(report.done.len() + report.unfinished.len() + orders.len(), 28, "the worker loses no order");

    println!("The program starts again, and the queue delivers all orders of the last run:");
    set(Mood::Well);
    let begin = Instant::now();
    let report = worker.run(&mut queue(13..=40), pending()).await;
    println!("  {report:?}");
    assert_eq!(report.done.len(), 28);
    assert!(begin.elapsed() >= Duration::from_millis(10) * (28 - 5), "five requests at once, and then one in 10 ms");
    let mut charges = service.lock().unwrap().charges.clone();
    charges.sort_unstable();
    assert!(charges.into_iter().eq(1..=40), "each order is charged exactly once");
    Ok(())
}
