//! Defines the subjects of the benchmarks of retries. A subject is one way to call a service, for example through this
//! crate or through another library.

use std::cell::Cell;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::sync::LazyLock;
use std::time::Duration;

use backon::{ConstantBuilder, ExponentialBuilder, Retryable};
use backon_macros::backon;
use failsafe::futures::CircuitBreaker as _;
use resilience_runtime::{RetryPolicy, circuit, retry};
use tokio::time::sleep;
use tokio_retry2::strategy::FixedInterval;
use tokio_retry2::{MapErr, Retry};

use crate::service::{Error, Failed, ask, ask_again};
use crate::{Subject, subject};

const ATTEMPTS: usize = 3;

fn at_once() -> ConstantBuilder {
    ConstantBuilder::default().with_delay(Duration::ZERO).with_max_times(ATTEMPTS - 1)
}

fn after_a_second() -> ConstantBuilder {
    at_once().with_delay(Duration::from_secs(1))
}

/// Returns a sleep that ends at once. Some libraries sleep even if the delay is zero, and tokio's sleep would then take
/// a millisecond.
fn no_sleep(_: Duration) -> Ready<()> {
    ready(())
}

static DEFAULT: LazyLock<RetryPolicy> = LazyLock::new(RetryPolicy::default);

/// A policy with the same `retry_if` function as the subject `#[retry(retry_if = ..)]`.
static RULED: LazyLock<RetryPolicy<Failed>> =
    LazyLock::new(|| RetryPolicy::builder().max(3).delay(Duration::ZERO).retry_if(is_down).build().unwrap());

fn is_down(error: &Failed) -> bool {
    black_box(error);
    true
}

pub(crate) fn succeeds() -> Vec<Subject> {
    #[retry]
    async fn attribute(n: u64) -> Result<u64, Failed> {
        ask(n).await
    }
    #[retry(name = "counted")]
    async fn named(n: u64) -> Result<u64, Failed> {
        ask(n).await
    }
    #[retry(with = DEFAULT)]
    async fn held(n: u64) -> Result<u64, Failed> {
        ask(n).await
    }
    #[backon(backoff = after_a_second, sleep = sleep)]
    async fn backon_macros(n: u64) -> Result<u64, Failed> {
        ask(n).await
    }
    let policy = RetryPolicy::default();
    vec![
        subject!("bare", |n| ask(n)),
        subject!("#[retry]", |n| attribute(n)),
        subject!("#[retry(name = ..)]", |n| named(n)),
        subject!("#[retry(with = ..)]", |n| held(n)),
        subject!("RetryPolicy::call", |n| policy.call(|| ask(n))),
        subject!("by hand", |n| async move {
            let mut made = 0;
            loop {
                match ask(n).await {
                    Err(_) if made + 1 < ATTEMPTS => made += 1,
                    outcome => break outcome,
                }
                sleep(Duration::from_secs(1)).await;
            }
        }),
        subject!("backon-macros", |n| backon_macros(n)),
        subject!("backon", |n| (|| ask(n)).retry(after_a_second()).sleep(sleep)),
        subject!("backon, exponential", |n| (|| ask(n)).retry(ExponentialBuilder::default()).sleep(sleep)),
        subject!("tokio-retry2", |n| Retry::spawn(FixedInterval::new(Duration::ZERO).take(ATTEMPTS - 1), || async {
            ask(n).await.map_transient_err()
        },)),
    ]
}

pub(crate) fn fails_twice() -> Vec<Subject> {
    #[retry(max = 3, delay = 0)]
    async fn attribute(failures: &Cell<u64>) -> Result<u64, Failed> {
        ask_again(failures).await
    }
    #[retry(max = 3, delay = 0, retry_if = is_down)]
    async fn ruled(failures: &Cell<u64>) -> Result<u64, Failed> {
        ask_again(failures).await
    }
    #[retry(with = RULED)]
    async fn held(failures: &Cell<u64>) -> Result<u64, Failed> {
        ask_again(failures).await
    }
    #[backon(backoff = at_once, sleep = no_sleep)]
    async fn backon_macros(failures: &Cell<u64>) -> Result<u64, Failed> {
        ask_again(failures).await
    }
    let policy = RetryPolicy::builder().max(3).delay(Duration::ZERO).build().unwrap();
    vec![
        // Calls the service three times without a retry library, because each subject below also makes three attempts.
        // The additional time of a subject below is therefore the cost of its retry.
        subject!("bare", |_n| async {
            let failures = Cell::new(2);
            loop {
                if let outcome @ Ok(_) = ask_again(&failures).await {
                    break outcome;
                }
            }
        }),
        subject!("#[retry(retry_if = ..)]", |_n| async { ruled(&Cell::new(2)).await }),
        subject!("#[retry(with = ..)]", |_n| async { held(&Cell::new(2)).await }),
        subject!("#[retry]", |_n| async { attribute(&Cell::new(2)).await }),
        subject!("RetryPolicy::call", |_n| async {
            let failures = Cell::new(2);
            policy.call(|| ask_again(&failures)).await
        }),
        subject!("by hand", |_n| async {
            let failures = Cell::new(2);
            let mut made = 0;
            loop {
                match ask_again(&failures).await {
                    Err(_) if made + 1 < ATTEMPTS => made += 1,
                    outcome => break outcome,
                }
            }
        }),
        subject!("backon-macros", |_n| async { backon_macros(&Cell::new(2)).await }),
        subject!("backon", |_n| async {
            let failures = Cell::new(2);
            (|| ask_again(&failures)).retry(at_once()).sleep(no_sleep).await
        }),
    ]
}

pub(crate) fn over_circuit() -> Vec<Subject> {
    #[retry]
    #[circuit(name = "retried")]
    async fn attributes(n: u64) -> Result<u64, Error> {
        Ok(ask(n).await?)
    }
    let nobreak = nobreak::builder().build();
    let failsafe = failsafe::Config::new()
        .failure_policy(failsafe::failure_policy::consecutive_failures(
            3,
            failsafe::backoff::constant(Duration::from_secs(30)),
        ))
        .build();
    let recloser = recloser::AsyncRecloser::from(recloser::Recloser::custom().build());
    vec![
        subject!("bare", |n| ask(n)),
        subject!("#[retry] #[circuit]", |n| attributes(n)),
        subject!("nobreak in backon", |n| (|| nobreak.call_async(|| ask(n))).retry(after_a_second()).sleep(sleep)),
        subject!("recloser in backon", |n| (|| recloser.call(ask(n))).retry(after_a_second()).sleep(sleep)),
        subject!("failsafe in backon", |n| (|| failsafe.call(ask(n))).retry(after_a_second()).sleep(sleep)),
    ]
}
