//! Tests calls that the caller cancels. The attributes of the called functions have the option `name` or `with`, or an
//! expression as a time, such as `#[timeout(self.wait)]`.

use std::cell::Cell;
use std::future::{Future, pending};
use std::ops::ControlFlow;
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, Hedge, RateLimit, RetryPolicy, Timeout, bulkhead, circuit, get_stats, hedge, rate_limit, retry, timeout,
};
use support::{Error, seconds};
use tokio::time::sleep;

/// Counts the bodies that have begun, and the bodies that have ended or were dropped.
#[derive(Default)]
struct Bodies {
    begun: Cell<u32>,
    ended: Cell<u32>,
}

struct Running<'b>(&'b Bodies);

impl Bodies {
    fn begin(&self) -> Running<'_> {
        self.begun.set(self.begun.get() + 1);
        Running(self)
    }

    fn counts(&self) -> (u32, u32) {
        (self.begun.get(), self.ended.get())
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.ended.set(self.0.ended.get() + 1);
    }
}

struct Client {
    bodies: Bodies,
    retry: RetryPolicy<Error>,
    limit: Timeout,
    slots: Bulkhead,
    rate: RateLimit,
    second: Hedge,
    wait: Duration,
}

impl Client {
    fn new() -> Self {
        Self {
            bodies: Bodies::default(),
            retry: RetryPolicy::builder().max(3).delay(seconds(10)).retry_if(|_: &Error| true).build().unwrap(),
            limit: Timeout::new(seconds(60)).unwrap(),
            slots: Bulkhead::builder("dropped::held", 1).build().unwrap(),
            rate: RateLimit::builder("dropped::held", 1).build().unwrap(),
            second: Hedge::new(seconds(1), 2).unwrap(),
            wait: seconds(30),
        }
    }

    #[retry(with = self.retry)]
    async fn repeats(&self) -> Result<(), Error> {
        let _running = self.bodies.begin();
        Err(Error::Down)
    }

    #[timeout(with = self.limit)]
    #[bulkhead(with = self.slots)]
    #[rate_limit(with = self.rate)]
    async fn hangs(&self) -> Result<(), Error> {
        let _running = self.bodies.begin();
        pending().await
    }

    #[hedge(with = self.second)]
    async fn hedges(&self) -> Result<(), Error> {
        let _running = self.bodies.begin();
        pending().await
    }

    #[timeout(self.wait)]
    #[bulkhead(name = "dropped::named", max = 1, wait = self.wait)]
    async fn waits(&self) -> Result<(), Error> {
        let _running = self.bodies.begin();
        sleep(seconds(8)).await;
        Ok(())
    }
}

async fn cancelled(call: impl Future<Output = Result<(), Error>>) {
    let ended = tokio::time::timeout(seconds(5), call).await;
    assert!(ended.is_err(), "the call ended before the caller cancelled it: {ended:?}");
}

#[tokio::test(start_paused = true)]
async fn cancelled_call_of_held_policy_makes_no_further_attempt() {
    let client = Client::new();
    cancelled(client.repeats()).await;
    sleep(seconds(60)).await;
    assert_eq!(client.bodies.counts(), (1, 1));
    let stats = client.retry.stats();
    assert_eq!((stats.total_retries, stats.total_recovered, stats.total_exhausted), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn cancelled_pause_of_started_policy_leaves_the_attempts_usable() {
    let client = Client::new();
    let mut attempts = client.retry.start();
    let attempt = || async {
        let _running = client.bodies.begin();
        Err(Error::Down)
    };
    cancelled(async {
        let _: ControlFlow<Result<(), Error>> = attempts.next(attempt()).await;
        Ok(())
    })
    .await;
    assert_eq!(client.bodies.counts(), (1, 1));
    let outcomes = [attempts.next(attempt()).await, attempts.next(attempt()).await];
    assert!(matches!(outcomes, [ControlFlow::Continue(()), ControlFlow::Break(Err::<(), _>(Error::Down))]));
    assert_eq!(client.bodies.counts(), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn cancelled_call_of_held_layers_frees_its_slot_and_counts_no_timeout() {
    let client = Client::new();
    cancelled(client.hangs()).await;
    assert_eq!(client.bodies.counts(), (1, 1));
    assert_eq!((client.slots.stats().in_use, client.limit.stats().total_timed_out), (0, 0));
    cancelled(client.hangs()).await;
    assert_eq!(client.bodies.counts(), (2, 2), "the second call has a slot and a permit of the rate");
}

#[tokio::test(start_paused = true)]
async fn cancelled_call_of_held_hedge_drops_every_attempt() {
    let client = Client::new();
    cancelled(client.hedges()).await;
    assert_eq!(client.bodies.counts(), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn cancelled_wait_of_named_bulkhead_leaves_the_queue() {
    let client = Client::new();
    let later = async {
        sleep(seconds(1)).await;
        client.waits().await
    };
    let (first, (), last) = tokio::join!(client.waits(), cancelled(client.waits()), later);
    assert!(first.is_ok() && last.is_ok());
    assert_eq!(client.bodies.counts(), (2, 2));
    assert_eq!(get_stats().bulkheads["dropped::named"].in_use, 0);
}

#[circuit(name = "dropped::of_the_call", threshold = 1)]
#[timeout(limit)]
async fn in_time(limit: Duration, bodies: &Bodies) -> Result<(), Error> {
    let _running = bodies.begin();
    pending().await
}

#[tokio::test(start_paused = true)]
async fn cancelled_call_with_time_of_the_call_leaves_the_circuit_closed() {
    let bodies = Bodies::default();
    cancelled(in_time(seconds(9), &bodies)).await;
    let error = in_time(seconds(9), &bodies).await.unwrap_err();
    assert!(matches!(error, Error::Timeout(_)), "{error:?}");
    assert_eq!(bodies.counts(), (2, 2));
}
