//! Tests calls that a function in an option makes, for example the function in `retry_if`. Such a call is not a part of
//! the attempt. It ends no retry, and does not change the kind of error that the layers above find.

use std::cell::{Cell, RefCell};
use std::future::{Future, ready};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use resilience_runtime::{
    Bulkhead, CircuitBreaker, CircuitState, Classifier, Hedge, RateLimit, Rejection, RetryBudget, RetryCost,
    RetryEvent, RetryPolicy, TokenBucket, circuit, deadline, deadline_remaining, fallback, on_transition, retry,
};
use tokio::time::{advance, sleep};

use crate::hidden::Hidden;

fn breaker(name: &'static str, threshold: u32) -> CircuitBreaker {
    CircuitBreaker::builder(name).threshold(threshold).build().unwrap()
}

fn down() -> Result<(), Hidden> {
    Err(Hidden::Down)
}

#[circuit(with = circuit)]
fn through(circuit: &CircuitBreaker) -> Result<(), Hidden> {
    down()
}

/// Calls `attempt` in a retry with `max = 3`. Returns the number of attempts that the retry made.
async fn attempts<F: Future<Output = Result<(), Hidden>>>(mut attempt: impl FnMut() -> F) -> u32 {
    let (policy, made) = (RetryPolicy::builder().delay(Duration::ZERO).build().unwrap(), Cell::new(0));
    let counted = || {
        made.set(made.get() + 1);
        attempt()
    };
    let _ = policy.call(counted).await;
    made.get()
}

/// Makes three attempts, which all fail.
#[retry(delay = 0)]
fn flag() -> Result<bool, Hidden> {
    Err(Hidden::Down)
}

#[retry(delay = 0, retry_if = |_| flag().is_ok())]
async fn retry_if() -> Result<(), Hidden> {
    down()
}

#[circuit(with = circuit, failure_if = |_| flag().is_err())]
fn failure_if(circuit: &CircuitBreaker) -> Result<(), Hidden> {
    down()
}

#[tokio::test]
async fn retries_of_call_in_option_do_not_count() {
    assert_eq!(attempts(retry_if).await, 3);
    let circuit = breaker("calls_in_options::retries", 99);
    assert_eq!(attempts(|| ready(failure_if(&circuit))).await, 3);

    let classifier = Classifier::builder().failure_if(|_: &Hidden| flag().is_err()).build().unwrap();
    let judged = || async { circuit.call_with(&classifier, || ready(down())).await.map_err(|_| Hidden::Down) };
    assert_eq!(attempts(judged).await, 3);

    let _guard = on_transition(|event| {
        if event.circuit() == Some("calls_in_options::retries") {
            assert!(flag().is_err());
        }
    });
    let changes = || {
        circuit.reset();
        ready(down())
    };
    assert_eq!(attempts(changes).await, 3);
}

type Kept = RefCell<Option<Hidden>>;

#[circuit(with = circuit, failure_if = |_| { *kept.borrow_mut() = through(open).err(); true })]
fn keeps(circuit: &CircuitBreaker, open: &CircuitBreaker, kept: &Kept) -> Result<(), Hidden> {
    down()
}

#[circuit(with = above)]
fn calls(above: &CircuitBreaker, circuit: &CircuitBreaker, open: &CircuitBreaker, kept: &Kept) -> Result<(), Hidden> {
    keeps(circuit, open, kept)
}

#[fallback(|_| panic!("no rejection"), on = "rejected")]
fn falls_back(circuit: &CircuitBreaker, open: &CircuitBreaker, kept: &Kept) -> Result<(), Hidden> {
    keeps(circuit, open, kept)
}

#[retry(delay = 0)]
#[circuit(with = circuit, failure_if = |_| { *kept.borrow_mut() = through(open).err(); true })]
async fn repeats(circuit: &CircuitBreaker, open: &CircuitBreaker, kept: &Kept) -> Result<(), Hidden> {
    down()
}

#[tokio::test]
async fn error_that_option_keeps_is_not_error_of_body() {
    let [above, circuit, open] = ["above", "circuit", "open"].map(|name| breaker(name, 99));
    open.force_open();
    let kept = Kept::default();
    assert!(calls(&above, &circuit, &open, &kept).is_err());
    assert_eq!((above.stats().total_failed, above.stats().total_ignored), (1, 0));
    kept.take();
    assert!(matches!(falls_back(&circuit, &open, &kept), Err(Hidden::Down)));
    kept.take();
    assert_eq!(attempts(|| ready(keeps(&circuit, &open, &kept))).await, 3);
    kept.take();
    circuit.reset();
    repeats(&circuit, &open, &kept).await.unwrap_err();
    assert_eq!(circuit.stats().failures, 3);
}

#[circuit(with = circuit, failure_if = |_| rate.try_acquire_many(9).is_err())]
fn limited(circuit: &CircuitBreaker, rate: &RateLimit, slots: &Bulkhead) -> Result<(), Hidden> {
    Err(Rejection::from(slots.try_acquire().unwrap_err()).into())
}

#[tokio::test]
async fn limit_in_option_does_not_change_kind_of_rejection() {
    let circuit = breaker("calls_in_options::kind", 99);
    let rate = RateLimit::builder("calls_in_options::kind", 1).burst(1).build().unwrap();
    let slots = Bulkhead::builder("calls_in_options::kind", 1).build().unwrap();
    let _slot = slots.try_acquire().unwrap();
    assert_eq!(attempts(|| ready(limited(&circuit, &rate, &slots))).await, 3);
}

#[retry(max = 2, delay = 0, on_retry = |_| assert!(through(open).is_err()))]
async fn on_retry(open: &CircuitBreaker) -> Result<(), Hidden> {
    down()
}

/// Calls `attempt`, which contains a retry with `max = 2`, in an outer retry with `max = 9`. Returns the number of
/// attempts that the outer retry made.
async fn attempts_around<F: Future<Output = Result<(), Hidden>>>(attempt: impl Fn() -> F) -> u32 {
    let (policy, made) = (RetryPolicy::builder().max(9).delay(Duration::ZERO).build().unwrap(), Cell::new(0));
    let counted = || {
        made.set(made.get() + 1);
        attempt()
    };
    policy.call(counted).await.unwrap_err();
    made.get()
}

#[tokio::test]
async fn circuit_in_on_retry_does_not_end_outer_retry() {
    let builder = || RetryPolicy::builder().max(2).delay(Duration::ZERO);
    let plain = builder().build().unwrap();
    let expected = attempts_around(|| plain.call(|| ready(down()))).await;
    let open = breaker("calls_in_options::on_retry", 99);
    open.force_open();
    assert_eq!(attempts_around(|| on_retry(&open)).await, expected);
    let policy =
        builder().on_retry(move |_: &RetryEvent<'_, Hidden>| assert!(through(&open).is_err())).build().unwrap();
    assert_eq!(attempts_around(|| policy.call(|| ready(down()))).await, expected);
}

/// The circuit of a flag, the circuit of a body that always succeeds, and the number of attempts of this body. A
/// function in an option reads the flag, and the first read opens the circuit of the flag.
struct Values {
    flag: CircuitBreaker,
    circuit: CircuitBreaker,
    attempts: Cell<u32>,
}

static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);

impl Values {
    fn new() -> Self {
        let (flag, circuit) = (breaker("calls_in_options::flag", 1), breaker("calls_in_options::value", 99));
        Self { flag, circuit, attempts: Cell::new(0) }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the body of a function that returns a `Result`")]
    fn succeed(&self) -> Result<(), Hidden> {
        self.attempts.set(self.attempts.get() + 1);
        Ok(())
    }

    #[retry(delay = 0, retry_if_ok = |()| through(&self.flag).is_err())]
    async fn retry_if_ok(&self) -> Result<(), Hidden> {
        self.succeed()
    }

    #[retry(
        delay = 0,
        retry_if_ok = |()| true,
        retry_after_ok = |()| through(&self.flag).map(|()| Duration::ZERO).ok()
    )]
    fn retry_after_ok(&self) -> Result<(), Hidden> {
        self.succeed()
    }

    #[retry(
        delay = 0,
        retry_if_ok = |()| true,
        budget = BUDGET,
        cost_ok = |()| through(&self.flag).map_or(RetryCost::Failure, |()| RetryCost::Timeout)
    )]
    async fn cost_ok(&self) -> Result<(), Hidden> {
        self.succeed()
    }

    #[circuit(with = self.circuit, failure_if_ok = |()| through(&self.flag).is_err())]
    fn failure_if_ok(&self) -> Result<(), Hidden> {
        self.succeed()
    }

    #[circuit(
        with = self.circuit,
        failure_if_ok = |()| true,
        retry_after_ok = |()| through(&self.flag).map(|()| Duration::ZERO).ok()
    )]
    async fn circuit_retry_after_ok(&self) -> Result<(), Hidden> {
        self.succeed()
    }
}

#[tokio::test]
async fn circuit_in_option_for_values_ends_no_retry() {
    for way in 0..7 {
        let values = Values::new();
        let builder = RetryPolicy::builder().delay(Duration::ZERO);
        let flag = values.flag.clone();
        let policy = builder.retry_if_ok(move |(): &()| way < 6 || through(&flag).is_err()).build().unwrap();
        let flag = values.flag.clone();
        let classifier = Classifier::builder().failure_if_ok(move |(): &()| through(&flag).is_err()).build().unwrap();
        match way {
            0 => values.retry_if_ok().await,
            1 => values.retry_after_ok(),
            2 => values.cost_ok().await,
            3 => policy.call(|| ready(values.failure_if_ok())).await,
            4 => policy.call(|| values.circuit_retry_after_ok()).await,
            5 => {
                let call = || values.circuit.call_with(&classifier, || ready(values.succeed()));
                policy.call(call).await.map_err(|_| Hidden::Down)
            }
            _ => policy.call(|| ready(values.succeed())).await,
        }
        .unwrap();
        assert_eq!(values.attempts.get(), 3, "{way}");
        assert_eq!(values.flag.stats().total_opened, 1, "{way}: the option opened the circuit of the flag");
    }
}

#[tokio::test]
async fn circuit_in_option_for_items_ends_no_retry() {
    let values = Values::new();
    let flag = values.flag.clone();
    flag.force_open();
    let classifier = Classifier::builder().failure_if_ok(move |_: &u32| through(&flag).is_ok()).build().unwrap();
    let reads = || async {
        let items =
            values.circuit.watch_with(&classifier, || stream::iter([Ok::<_, Hidden>(1)])).map_err(Rejection::from)?;
        assert_eq!(pin!(items).count().await, 1);
        down()
    };
    assert_eq!(attempts(reads).await, 3);
}

#[circuit(with = circuit, failure_if = |_| through(open).is_ok() || panic!("no flag"))]
async fn panics(circuit: &CircuitBreaker, open: &CircuitBreaker) -> Result<(), Hidden> {
    down()
}

#[tokio::test]
async fn circuit_in_option_that_panics_ends_no_retry() {
    let [circuit, open] = ["calls_in_options::panics", "calls_in_options::open"].map(|name| breaker(name, 99));
    open.force_open();
    let catches = || async {
        let caught = AssertUnwindSafe(panics(&circuit, &open)).catch_unwind().await;
        assert!(caught.is_err());
        down()
    };
    assert_eq!(attempts(catches).await, 3);
    assert_eq!(circuit.stats().total_cancelled, 3);
}

#[circuit(with = circuit, failure_if = |_| through(alert).is_err())]
async fn alerts(circuit: &CircuitBreaker, alert: &CircuitBreaker) -> Result<(), Hidden> {
    down()
}

#[retry(max = 2, delay = 0, retry_if = |_| through(alert).is_err(), on_retry = |_| drop(through(alert)))]
fn alerts_twice(alert: &CircuitBreaker) -> Result<(), Hidden> {
    down()
}

/// Polls `call` in the second attempt of a hedge.
async fn in_hedge(call: impl Future<Output = Result<(), Hidden>>) {
    let (hedge, call) = (Hedge::new(Duration::from_secs(1), 2).unwrap(), Cell::new(Some(call)));
    let is_second = Cell::new(false);
    let attempt = || {
        let call = if is_second.replace(true) { call.take() } else { None };
        async move {
            match call {
                Some(call) => call.await,
                None => {
                    sleep(Duration::from_secs(9)).await;
                    down()
                }
            }
        }
    };
    hedge.call(attempt).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn call_in_option_is_no_repeat() {
    for way in 0..4 {
        let [circuit, alert] = ["calls_in_options::repeats", "calls_in_options::alert"]
            .map(|name| CircuitBreaker::builder(name).threshold(99).count_requests(true).build().unwrap());
        let called = alert.clone();
        let _guard = on_transition(move |event| {
            if event.circuit() == Some("calls_in_options::transition") {
                assert!(through(&called).is_err());
            }
        });
        let transition = breaker("calls_in_options::transition", 99);
        let changes = || {
            transition.trip();
            ready(down())
        };
        match way {
            0 => drop(attempts(|| alerts(&circuit, &alert)).await),
            1 => drop(attempts(|| ready(alerts_twice(&alert))).await),
            2 => drop(attempts(changes).await),
            _ => in_hedge(alerts(&circuit, &alert)).await,
        }
        let stats = alert.stats();
        assert_ne!(stats.total_failed, 0, "{way}: the function called the circuit");
        assert_eq!(stats.failures, stats.total_failed, "{way}: no call is a repeat");
        if way == 0 {
            let stats = circuit.stats();
            assert_eq!((stats.failures, stats.total_failed), (1, 3), "the attempts themselves are repeats");
        }
    }
}

#[circuit(with = circuit, failure_if = |_| deadline_remaining().is_some())]
async fn reads_deadline(circuit: &CircuitBreaker) -> Result<(), Hidden> {
    down()
}

#[tokio::test(start_paused = true)]
async fn deadline_applies_to_call_in_option() {
    let circuit = breaker("calls_in_options::deadline", 99);
    deadline(Duration::from_secs(1), reads_deadline(&circuit)).await.unwrap_err();
    assert_eq!(circuit.stats().total_failed, 1);
}

#[tokio::test(start_paused = true)]
async fn call_in_option_belongs_to_trial_around_it() {
    let [circuit, alert] = ["calls_in_options::body", "calls_in_options::trial"].map(|name| breaker(name, 99));
    alert.trip();
    advance(Duration::from_secs(60)).await;
    let trial = async || {
        alerts(&circuit, &alert).await.unwrap_err();
        Ok::<_, ()>(())
    };
    alert.call(trial).await.unwrap();
    assert_eq!((alert.stats().total_rejected, alert.stats().total_failed), (0, 1));
    assert_eq!(alert.state(), CircuitState::Closed);
}
