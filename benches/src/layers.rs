//! Defines the subjects of the benchmarks of timeouts, bulkheads, rate limits, fallbacks, hedges and stacks (several
//! attributes on one function). A subject is one way to call a service, for example through this crate or through
//! another library.

use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use failsafe::futures::CircuitBreaker as _;
use governor::{Quota, RateLimiter};
use resilience_runtime::{Bulkhead, Hedge, RateLimit, RetryBudget, Timeout, TokenBucket, circuit};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tower::limit::ConcurrencyLimit;
use tower::{ServiceExt, service_fn};

use crate::service::{Error, FAILING, Failed, ask};
use crate::{Subject, subject};

const LONG: Duration = Duration::from_secs(60);
/// The highest rate that `#[rate_limit]` accepts, in calls per second. With this rate and the burst [`BURST`], no call
/// of the benchmarks is rejected.
const PER_SECOND: u32 = 1_000_000;
const BURST: u32 = u32::MAX;

/// Makes each subject run inside tokio's runtime. Some libraries need the runtime to create a timer.
fn within_a_runtime(subjects: Vec<Subject>) -> Vec<Subject> {
    let runtime: Arc<Runtime> = Arc::new(Builder::new_current_thread().enable_time().build().unwrap());
    let within = |Subject { name, calls }: Subject| {
        let runtime = runtime.clone();
        let calls = Box::new(move |times| {
            let _within = runtime.enter();
            calls(times)
        });
        Subject { name, calls }
    };
    subjects.into_iter().map(within).collect()
}

async fn ask_or(n: u64) -> Result<u64, Error> {
    Ok(ask(n).await?)
}

pub(crate) fn timeout() -> Vec<Subject> {
    #[resilience_runtime::timeout(60)]
    async fn attribute(n: u64) -> Result<u64, Error> {
        Ok(ask(n).await?)
    }
    let timeout = Timeout::new(LONG).unwrap();
    within_a_runtime(vec![
        subject!("bare", |n| ask(n)),
        subject!("#[timeout]", |n| attribute(n)),
        subject!("Timeout::call", |n| timeout.call(|| ask_or(n))),
        subject!("tokio's timeout", |n| async move {
            tokio::time::timeout(LONG, ask_or(n)).await.unwrap_or(Err(Error::Late))
        }),
    ])
}

pub(crate) fn bulkhead() -> Vec<Subject> {
    #[resilience_runtime::bulkhead(max = 100)]
    async fn attribute(n: u64) -> Result<u64, Error> {
        Ok(ask(n).await?)
    }
    let bulkhead = Bulkhead::builder("bench", 100).build().unwrap();
    let semaphore = Semaphore::new(100);
    let tower = ConcurrencyLimit::new(service_fn(ask), 100);
    vec![
        subject!("bare", |n| ask(n)),
        subject!("#[bulkhead]", |n| attribute(n)),
        subject!("Bulkhead::call", |n| bulkhead.call(|| ask_or(n))),
        subject!("tokio's semaphore", |n| async {
            let Ok(_slot) = semaphore.try_acquire() else { return Err(Error::Full) };
            ask_or(n).await
        }),
        subject!("tower's limit", |n| tower.clone().oneshot(n)),
    ]
}

pub(crate) fn rate_limit() -> Vec<Subject> {
    #[resilience_runtime::rate_limit(per_second = 1_000_000, burst = 4_294_967_295)]
    async fn attribute(n: u64) -> Result<u64, Error> {
        Ok(ask(n).await?)
    }
    let limit = RateLimit::builder("bench", PER_SECOND).burst(BURST).build().unwrap();
    let quota = Quota::per_second(PER_SECOND.try_into().unwrap()).allow_burst(NonZeroU32::MAX);
    // Creates the rate limiter of the crate `governor` only at the first call, because the constructor calibrates a
    // clock. A program that measures only `#[rate_limit]` must not spend time on this calibration.
    let governor = LazyLock::new(move || RateLimiter::direct(quota));
    vec![
        subject!("bare", |n| ask(n)),
        subject!("#[rate_limit]", |n| attribute(n)),
        subject!("RateLimit::call", |n| limit.call(|| ask_or(n))),
        subject!("governor", |n| async {
            if governor.check().is_err() {
                return Err(Error::Full);
            }
            ask_or(n).await
        }),
    ]
}

/// Returns subjects that take an owned slot of a bulkhead. Unlike a borrowed slot, an owned slot can move into a
/// spawned task.
pub(crate) fn owned_slot() -> Vec<Subject> {
    let bulkhead = Bulkhead::builder("bench", 100).build().unwrap();
    let semaphore = Arc::new(Semaphore::new(100));
    vec![
        subject!("bare", |n| ask(n)),
        subject!("Bulkhead::try_acquire_owned", |n| async {
            let Ok(_slot) = bulkhead.try_acquire_owned() else { return Err(Error::Full) };
            ask_or(n).await
        }),
        subject!("tokio's owned semaphore", |n| async {
            let Ok(_slot) = semaphore.clone().try_acquire_owned() else { return Err(Error::Full) };
            ask_or(n).await
        }),
    ]
}

/// Returns subjects that wait if a rate limit is exhausted. The rate is so high that no call has to wait.
pub(crate) fn until_ready() -> Vec<Subject> {
    #[resilience_runtime::rate_limit(per_second = 1_000_000, burst = 4_294_967_295, wait = 60)]
    async fn attribute(n: u64) -> Result<u64, Error> {
        Ok(ask(n).await?)
    }
    let limit = RateLimit::builder("bench", PER_SECOND).burst(BURST).build().unwrap();
    let quota = Quota::per_second(PER_SECOND.try_into().unwrap()).allow_burst(NonZeroU32::MAX);
    let governor = LazyLock::new(move || RateLimiter::direct(quota));
    vec![
        subject!("bare", |n| ask(n)),
        subject!("#[rate_limit(wait)]", |n| attribute(n)),
        subject!("RateLimit::until_ready", |n| async {
            limit.until_ready().await.map_err(|_| Error::Full)?;
            ask_or(n).await
        }),
        subject!("governor", |n| async {
            governor.until_ready().await;
            ask_or(n).await
        }),
    ]
}

async fn instead(n: u64) -> Result<u64, Failed> {
    Ok(n & !FAILING)
}

pub(crate) fn fallback() -> Vec<Subject> {
    #[resilience_runtime::fallback(instead)]
    async fn attribute(n: u64) -> Result<u64, Failed> {
        ask(n).await
    }
    vec![
        subject!("bare", |n| ask(n)),
        subject!("#[fallback]", |n| attribute(n)),
        subject!("by hand", |n| async move {
            match ask(n).await {
                Err(_) => instead(n).await,
                outcome => outcome,
            }
        }),
    ]
}

// This function has its own copy of `attribute`, because the compiler does not inline a function that two benchmarks
// share. A call that is not inlined takes longer, by about the cost of a circuit breaker.
pub(crate) fn fallback_fails() -> Vec<Subject> {
    #[resilience_runtime::fallback(instead)]
    async fn attribute(n: u64) -> Result<u64, Failed> {
        ask(n).await
    }
    vec![
        subject!("bare", |n| ask(n | FAILING)),
        subject!("#[fallback]", |n| attribute(n | FAILING)),
        subject!("by hand", |n| async move {
            match ask(n | FAILING).await {
                Err(_) => instead(n).await,
                outcome => outcome,
            }
        }),
    ]
}

pub(crate) fn hedge() -> Vec<Subject> {
    #[resilience_runtime::hedge(after = 60)]
    async fn attribute(n: u64) -> Result<u64, Failed> {
        ask(n).await
    }
    #[resilience_runtime::hedge(after = 60, budget = RetryBudget::bucket(TokenBucket::DEFAULT))]
    async fn with_budget(n: u64) -> Result<u64, Failed> {
        ask(n).await
    }
    #[resilience_runtime::hedge(after = "p95", min_after = "5ms", max_after = 1)]
    async fn with_percentile(n: u64) -> Result<u64, Failed> {
        ask(n).await
    }
    let hedge = Hedge::new(LONG, 2).unwrap();
    within_a_runtime(vec![
        subject!("bare", |n| ask(n)),
        subject!("#[hedge]", |n| attribute(n)),
        subject!("#[hedge(budget = ..)]", |n| with_budget(n)),
        subject!("#[hedge(after = p95)]", |n| with_percentile(n)),
        subject!("Hedge::call", |n| hedge.call(|| ask(n))),
        subject!("by hand", |n| async move {
            let mut first = pin!(ask(n));
            tokio::select! {
                biased;
                outcome = &mut first => outcome,
                () = tokio::time::sleep(LONG) => tokio::select! {
                    biased;
                    outcome = first => outcome,
                    outcome = ask(n) => outcome,
                },
            }
        }),
    ])
}

/// Returns three subjects: a call without an attribute, a call through four attributes, and a call through other
/// libraries. The other libraries together do the work of the four attributes.
pub(crate) fn stack() -> Vec<Subject> {
    async fn instead(n: u64) -> Result<u64, Error> {
        Ok(n)
    }
    #[resilience_runtime::fallback(instead)]
    #[resilience_runtime::retry(max = 3, delay = 1)]
    #[circuit(name = "stack")]
    #[resilience_runtime::timeout(60)]
    async fn attributes(n: u64) -> Result<u64, Error> {
        Ok(ask(n).await?)
    }
    let failsafe = failsafe::Config::new().build();
    within_a_runtime(vec![
        subject!("bare", |n| ask(n)),
        subject!("four attributes", |n| attributes(n)),
        subject!("backon, failsafe, tokio", |n| async {
            let asked = || async {
                let in_time = async { tokio::time::timeout(LONG, ask_or(n)).await.unwrap_or(Err(Error::Late)) };
                match failsafe.call(in_time).await {
                    Err(failsafe::Error::Inner(error)) => Err(error),
                    outcome => outcome.map_err(|_| Error::Full),
                }
            };
            let delays = ConstantBuilder::default().with_delay(Duration::from_secs(1)).with_max_times(2);
            match asked.retry(delays).sleep(tokio::time::sleep).await {
                Err(_) => instead(n).await,
                outcome => outcome,
            }
        }),
    ])
}
