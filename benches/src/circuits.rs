//! Defines the subjects of the benchmarks of circuit breakers. A subject is one way to call a service, for example
//! through this crate or through another library.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use failsafe::futures::CircuitBreaker as _;
use recloser::{AsyncRecloser, Recloser};
use resilience_runtime::{CircuitBreaker, circuit};
use rustix::time::{ClockId, clock_gettime};
use tower::{Service, ServiceExt, service_fn};
use tower_resilience_circuitbreaker::CircuitBreakerLayer;

use crate::service::{Error, FAILING, Failed, Folded, ask};
use crate::{Subject, subject};

/// A cooldown that does not end while a benchmark runs.
const HOUR: Duration = Duration::from_secs(3600);
const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn succeeds() -> Vec<Subject> {
    #[circuit(name = "succeeds")]
    async fn attribute(n: u64) -> Result<u64, Error> {
        Ok(ask(n).await?)
    }
    let mut subjects = vec![subject!("bare", |n| ask(n)), subject!("#[circuit]", |n| attribute(n))];
    subjects.extend(breakers(0, u32::MAX));
    subjects.push(subject!("a clock and a counter", |n| counted_and_stamped(n)));
    subjects
}

/// Does the least work that a breaker needs to count successes and to store the time of the last success. Reads the
/// coarse clock of the system, and makes one compare-and-exchange on a thread-local counter.
async fn counted_and_stamped(n: u64) -> Result<u64, Failed> {
    thread_local! {
        static COUNT: AtomicU64 = const { AtomicU64::new(0) };
        static STAMP: AtomicU64 = const { AtomicU64::new(0) };
    }
    let outcome = ask(n).await;
    if outcome.is_ok() {
        let now = clock_gettime(ClockId::RealtimeCoarse);
        STAMP.with(|stamp| {
            stamp.store(now.tv_sec.cast_unsigned() << 30 | now.tv_nsec.cast_unsigned(), Ordering::Relaxed)
        });
        COUNT.with(|count| {
            let seen = count.load(Ordering::Relaxed);
            let _ = count.compare_exchange(seen, seen + 1, Ordering::Relaxed, Ordering::Relaxed);
        });
    }
    outcome
}

/// Returns four subjects that show the cost of the option `key`. The first subject uses no circuit, and the second
/// subject uses a circuit without a key. Each of the other two subjects uses eight keys, and therefore eight circuits.
pub(crate) fn keyed() -> Vec<Subject> {
    #[circuit(name = "plain")]
    async fn plain(n: u64) -> Result<u64, Error> {
        Ok(ask(n).await?)
    }
    #[circuit(name = "shard", key = KEYS[n as usize % KEYS.len()])]
    async fn text(n: u64) -> Result<u64, Error> {
        Ok(ask(n).await?)
    }
    #[circuit(name = "shard", key = n % 8)]
    async fn number(n: u64) -> Result<u64, Error> {
        Ok(ask(n).await?)
    }
    const KEYS: [&str; 8] =
        ["eu-west-1", "eu-west-2", "eu-north-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ap-south-1"];
    vec![
        subject!("bare", |n| ask(n)),
        subject!("no key", |n| plain(n)),
        subject!("a text of eight", |n| text(n)),
        subject!("a number of eight", |n| number(n)),
    ]
}

/// Returns one subject without a circuit, and several subjects with different trip rules (conditions that open a
/// circuit). All calls succeed.
pub(crate) fn rules() -> Vec<Subject> {
    let rated = || CircuitBreaker::builder("rule").failure_rate(0.5).min_calls(100);
    let consecutive = CircuitBreaker::builder("rule").build().unwrap();
    let failures = CircuitBreaker::builder("rule").threshold(5).window(MINUTE).build().unwrap();
    let last = rated().calls(1000).build().unwrap();
    let rate = rated().window(MINUTE).build().unwrap();
    let slow = rated().window(MINUTE).slow_rate(0.5).slow_call(MINUTE).build().unwrap();
    let timed = CircuitBreaker::builder("rule").threshold(5).durations(true).build().unwrap();
    vec![
        subject!("bare", |n| ask(n)),
        subject!("threshold", |n| consecutive.call(|| ask(n))),
        subject!("threshold, window", |n| failures.call(|| ask(n))),
        subject!("failure_rate, calls", |n| last.call(|| ask(n))),
        subject!("failure_rate, window", |n| rate.call(|| ask(n))),
        subject!("and slow_rate", |n| slow.call(|| ask(n))),
        subject!("threshold, durations", |n| timed.call(|| ask(n))),
    ]
}

/// Returns subjects with the same trip rules (conditions that open a circuit) as the function [`rules`], except
/// `slow_rate`. Nearly all calls fail, but no circuit opens.
pub(crate) fn rules_fail() -> Vec<Subject> {
    let rated = || CircuitBreaker::builder("rule").failure_rate(1.0).min_calls(1000);
    let consecutive = CircuitBreaker::builder("rule").threshold(u32::MAX).build().unwrap();
    let failures = CircuitBreaker::builder("rule").threshold(u32::MAX).window(MINUTE).build().unwrap();
    let last = rated().calls(1000).build().unwrap();
    let rate = rated().window(MINUTE).build().unwrap();
    for breaker in [&last, &rate] {
        for _ in 0..1000 {
            breaker.try_acquire().unwrap().success();
        }
    }
    // The call succeeds if `n` is a multiple of 500. These successes keep the failure rate below 1, so no circuit
    // opens.
    let call = |breaker: CircuitBreaker| {
        move |n: u64| {
            let breaker = breaker.clone();
            async move { breaker.call(|| ask(if n % 500 == 0 { n } else { n | FAILING })).await }
        }
    };
    let [consecutive, failures, last, rate] = [consecutive, failures, last, rate].map(call);
    vec![
        subject!("bare", |n| ask(n | FAILING)),
        subject!("threshold", |n| consecutive(n)),
        subject!("threshold, window", |n| failures(n)),
        subject!("failure_rate, calls", |n| last(n)),
        subject!("failure_rate, window", |n| rate(n)),
    ]
}

pub(crate) fn fails() -> Vec<Subject> {
    #[circuit(name = "fails", threshold = 4_294_967_295)]
    async fn attribute(n: u64) -> Result<u64, Error> {
        Ok(ask(n).await?)
    }
    let mut subjects = vec![subject!("bare", |n| ask(n | FAILING)), subject!("#[circuit]", |n| attribute(n | FAILING))];
    subjects.extend(breakers(FAILING, u32::MAX));
    subjects
}

pub(crate) fn rejected() -> Vec<Subject> {
    #[circuit(name = "rejected", threshold = 1, cooldown = 3600)]
    async fn attribute(n: u64) -> Result<u64, Error> {
        Ok(ask(n).await?)
    }
    let mut subjects = vec![subject!("bare", |n| ask(n | FAILING)), subject!("#[circuit]", |n| attribute(n | FAILING))];
    subjects.extend(breakers(FAILING, 1));
    for subject in &subjects {
        // Makes 200 failing calls, because the circuits of some libraries open only after several failures.
        (subject.calls)(200);
    }
    subjects
}

/// Returns one subject for each library, and one for a handwritten circuit breaker. If `threshold` is 1, the breakers
/// open after the first failures. If `threshold` is `u32::MAX`, the breakers stay closed. If `first` is `FAILING`, all
/// calls fail. If `first` is 0, all calls succeed.
fn breakers(first: u64, threshold: u32) -> Vec<Subject> {
    let rate = if threshold == 1 { 0.5 } else { 1.0 };
    let window = if threshold == 1 { 10 } else { usize::MAX };

    let ours = CircuitBreaker::builder("bench").threshold(threshold).cooldown(HOUR).build().unwrap();
    let nobreak = nobreak::builder().with_failure_threshold(threshold as usize).with_open_duration(HOUR).build();
    let recloser = AsyncRecloser::from(
        Recloser::custom().error_rate(if threshold == 1 { 0.5 } else { 2.0 }).closed_len(10).open_wait(HOUR).build(),
    );
    let failsafe = failsafe::Config::new()
        .failure_policy(failsafe::failure_policy::consecutive_failures(threshold, failsafe::backoff::constant(HOUR)))
        .build();
    let circuitbreaker_rs = circuitbreaker_rs::CircuitBreaker::<circuitbreaker_rs::DefaultPolicy, Failed>::builder()
        .failure_threshold(if threshold == 1 { 0.5 } else { 2.0 })
        .consecutive_failures(u64::from(threshold))
        .cooldown(HOUR)
        .build();
    let tower = CircuitBreakerLayer::builder()
        .failure_rate_threshold(rate)
        .sliding_window_size(100)
        .minimum_number_of_calls(window)
        .wait_duration_in_open(HOUR)
        .build()
        .unwrap()
        .layer_fn(service_fn(ask));
    let by_hand = Arc::new(ByHand::new(threshold));

    vec![
        subject!("CircuitBreaker::call", |n| ours.call(|| ask(n | first))),
        subject!("by hand", |n| by_hand.call(n | first)),
        subject!("nobreak", |n| nobreak.call_async(|| ask(n | first))),
        subject!("recloser", |n| recloser.call(ask(n | first))),
        subject!("failsafe", |n| failsafe.call(ask(n | first))),
        subject!("circuitbreaker-rs", |n| circuitbreaker_rs.call_async(|| ask(n | first))),
        Subject {
            name: "tower-resilience",
            // Runs inside tokio's runtime, because `tower-resilience` may sleep before it rejects a call.
            calls: Box::new(move |times| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                let mut service = tower.clone();
                runtime.block_on(async {
                    let mut sum = 0_u64;
                    for n in 0..times {
                        let call = async { service.ready().await?.call(n | first).await };
                        sum = sum.wrapping_add(call.await.fold());
                    }
                    sum
                })
            }),
        },
    ]
}

/// A handwritten circuit breaker. An admitted call locks a mutex before and after the body. A success increments a
/// counter, and stores the time of the success.
struct ByHand {
    threshold: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    opened: Option<Instant>,
    failures: u32,
    succeeded: u64,
    last_success: Option<Instant>,
}

impl ByHand {
    fn new(threshold: u32) -> Self {
        Self { threshold, state: Mutex::default() }
    }

    async fn call(&self, n: u64) -> Result<u64, Option<Failed>> {
        if self.state.lock().unwrap().opened.is_some_and(|opened| opened.elapsed() < HOUR) {
            return Err(None);
        }
        let outcome = ask(n).await;
        let mut state = self.state.lock().unwrap();
        match outcome {
            Ok(_) => {
                state.failures = 0;
                state.succeeded += 1;
                state.last_success = Some(Instant::now());
            }
            Err(_) => {
                state.failures += 1;
                if state.failures >= self.threshold {
                    state.opened = Some(Instant::now());
                }
            }
        }
        outcome.map_err(Some)
    }
}

impl Folded for Option<Failed> {
    fn fold(self) -> u64 {
        self.map_or(1, Folded::fold)
    }
}
