//! Tests the options `retry_after_ok` and `cost_ok` of a retry, which read an `Ok` value that `retry_if_ok` selects.
//! Also tests the option `retry_after_ok` of a circuit.

use std::cell::Cell;
use std::time::Duration;

use resilience_runtime::{CircuitState, RetryBudget, RetryCost, RetryPolicy, TokenBucket, circuit, get_circuit, retry};
use support::{Calls, Error, seconds};

/// An HTTP response. With the status 429, the response asks the caller for a delay.
#[derive(Debug, PartialEq)]
struct Response {
    status: u16,
    retry_after: Option<Duration>,
}

impl Response {
    fn new(status: u16, retry_after: u64) -> Self {
        Self { status, retry_after: Some(seconds(retry_after)) }
    }

    fn is_busy(&self) -> bool {
        self.status == 429
    }

    fn hint(&self) -> Option<Duration> {
        assert!(self.is_busy(), "the function receives repeated values only");
        self.retry_after
    }

    fn cost(&self) -> RetryCost {
        assert!(self.is_busy(), "the function receives repeated values only");
        RetryCost::Timeout
    }
}

type Answer = Result<Response, Error>;

/// Answers the third call with the status 200, and all other calls with the status 429.
#[expect(clippy::unnecessary_wraps, reason = "decorated functions return a `Result`")]
fn ask(calls: &Calls, hint: u64) -> Answer {
    Ok(Response::new(if calls.note() == 3 { 200 } else { 429 }, hint))
}

#[retry(max = 4, delay = 1, retry_if_ok = Response::is_busy, retry_after_ok = Response::hint)]
async fn plain(calls: &Calls, hint: u64) -> Answer {
    ask(calls, hint)
}

#[retry(delay = 1, max = 2, retry_if_ok = Response::is_busy, retry_after_ok = |_| { asked.set(asked.get() + 1); None })]
async fn exhausted(asked: &Cell<u32>) -> Answer {
    Ok(Response::new(429, 0))
}

#[tokio::test(start_paused = true)]
async fn pause_respects_hint_of_ok() {
    for (hint, seconds) in [(7, vec![0, 7, 14]), (0, vec![0, 1, 3]), (3600, vec![0, 3600, 7200]), (3601, vec![0])] {
        let calls = Calls::start();
        let answer = plain(&calls, hint).await.unwrap();
        assert_eq!(calls.seconds(), seconds, "the longer of its own pause and {hint} s, at most one hour");
        assert_eq!(answer.is_busy(), seconds.len() == 1, "the last value is returned unchanged");
    }
    let asked = Cell::new(0);
    assert!(exhausted(&asked).await.unwrap().is_busy());
    assert_eq!(asked.get(), 1, "the last attempt asks for no pause");
}

#[retry(
    max = 2,
    delay = 1,
    retry_if_ok = |()| true,
    retry_after = |()| Some(seconds(3)),
    retry_after_ok = |()| Some(seconds(5))
)]
async fn both(fails: bool, calls: &Calls) -> Result<(), ()> {
    calls.note();
    if fails { Err(()) } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn each_class_of_outcome_has_its_own_hint() {
    for (fails, pause) in [(true, 3), (false, 5)] {
        let calls = Calls::start();
        let _ = both(fails, &calls).await;
        assert_eq!(calls.seconds(), [0, pause]);
    }
}

#[retry(delay = 1, retry_if_ok = Response::is_busy)]
#[circuit(name = "of_ok::below", threshold = 9, max_cooldown = "3h", failure_if_ok = Response::is_busy, retry_after_ok = Response::hint)]
async fn over_circuit(calls: &Calls, hint: u64) -> Answer {
    ask(calls, hint)
}

#[retry(delay = 1, retry_if_ok = Response::is_busy, retry_after_ok = |_| None)]
#[circuit(name = "of_ok::own", threshold = 9, failure_if_ok = Response::is_busy, retry_after_ok = Response::hint)]
async fn own_over_circuit(calls: &Calls, hint: u64) -> Answer {
    ask(calls, hint)
}

#[retry(delay = 1)]
#[circuit(name = "of_ok::not_repeated", threshold = 9, failure_if_ok = Response::is_busy, retry_after_ok = Response::hint)]
async fn not_repeated(calls: &Calls, hint: u64) -> Answer {
    ask(calls, hint)
}

#[retry(with = policy)]
#[circuit(name = "of_ok::held", threshold = 99, failure_if_ok = Response::is_busy, retry_after_ok = Response::hint)]
async fn held(policy: &RetryPolicy<Error, Response>, calls: &Calls, hint: u64) -> Answer {
    ask(calls, hint)
}

#[tokio::test(start_paused = true)]
async fn retry_uses_hint_of_circuit_below() {
    macro_rules! times {
        ($function:ident($($argument:expr),*)) => {{
            let calls = Calls::start();
            let _ = $function($($argument,)* &calls, 7).await;
            calls.seconds()
        }};
    }
    assert_eq!(times!(over_circuit()), [0, 7, 14]);
    assert_eq!(times!(own_over_circuit()), [0, 1, 3], "its own function returns no hint, and the circuit is not asked");
    assert_eq!(times!(not_repeated()), [0]);
    let calls = Calls::start();
    let _ = over_circuit(&calls, 3 * 3600).await;
    assert_eq!(calls.seconds(), [0, 3 * 3600, 6 * 3600], "its circuit allows more than one hour");

    let builder = || RetryPolicy::builder().retry_if(|_: &Error| true).retry_if_ok(Response::is_busy);
    let (without, with) = (builder().build().unwrap(), builder().retry_after_ok(|_| None).build().unwrap());
    assert_eq!(times!(held(&without)), [0, 7, 14]);
    assert_eq!(times!(held(&with)), [0, 1, 3], "its own function returns no hint, and the circuit is not asked");
}

#[circuit(
    name = "of_ok::opens",
    threshold = 1,
    cooldown = 5,
    failure_if_ok = Response::is_busy,
    retry_after_ok = Response::hint
)]
async fn opens(status: u16, hint: u64) -> Result<Response, std::io::Error> {
    Ok(Response::new(status, hint))
}

#[tokio::test(start_paused = true)]
async fn hint_of_ok_extends_the_cooldown() {
    let breaker = || get_circuit("of_ok::opens").unwrap();
    opens(200, 60).await.unwrap();
    assert_eq!(breaker().state(), CircuitState::Closed);
    for (hint, cooldown) in [(60, 60), (1, 5), (0, 5), (36_000, 3600)] {
        opens(429, hint).await.unwrap();
        assert_eq!(breaker().stats().cooldown_remaining, seconds(cooldown), "{hint} s");
        breaker().reset();
    }
}

const TIMEOUT_COST: u64 = 10;

static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);

#[retry(max = 2, delay = 0, budget = BUDGET, retry_if_ok = Response::is_busy, cost_ok = Response::cost)]
async fn pays(calls: &Calls) -> Answer {
    ask(calls, 0)
}

fn spent(budget: &RetryBudget) -> u64 {
    u64::from(TokenBucket::DEFAULT.capacity) - budget.stats().tokens
}

#[tokio::test(start_paused = true)]
async fn budget_pays_cost_of_ok() {
    let budget = RetryBudget::bucket(TokenBucket::DEFAULT);
    let builder = || RetryPolicy::builder().max(2).delay(Duration::ZERO).budget(&budget);
    let policy = builder().retry_if_ok(Response::is_busy).cost_ok(Response::cost).build().unwrap();
    assert!(policy.call(|| async { ask(&Calls::start(), 0) }).await.unwrap().is_busy());
    assert_eq!(spent(&budget), TIMEOUT_COST);
    assert!(pays(&Calls::start()).await.unwrap().is_busy());
    assert_eq!(spent(&BUDGET), TIMEOUT_COST);
}

#[tokio::test(start_paused = true)]
async fn second_function_adds_to_the_first() {
    let budget = RetryBudget::bucket(TokenBucket::DEFAULT);
    let policy = RetryPolicy::builder()
        .max(2)
        .budget(&budget)
        .retry_if_ok(Response::is_busy)
        .retry_after_ok(|_: &Response| Some(seconds(4)))
        .retry_after_ok(Response::hint)
        .cost_ok(|_| RetryCost::Failure)
        .cost_ok(Response::cost)
        .build()
        .unwrap();
    for (hint, pause) in [(3, 4), (9, 9)] {
        let calls = Calls::start();
        policy.call(|| async { ask(&calls, hint) }).await.unwrap();
        assert_eq!(calls.seconds(), [0, pause], "the longer of two delays");
    }
    assert_eq!(spent(&budget), 2 * TIMEOUT_COST);
}

#[test]
fn builder_refuses_functions_without_retry_if_ok() {
    let (policy, budget) = (RetryPolicy::builder, RetryBudget::bucket(TokenBucket::DEFAULT));
    let option = |built: Result<_, resilience_runtime::ConfigError>| {
        built.map(|_: RetryPolicy<_, Response>| ()).map_err(|error| error.option().to_owned())
    };
    assert_eq!(option(policy().retry_after_ok(Response::hint).build()), Err("retry_after_ok".to_owned()));
    assert_eq!(option(policy().budget(&budget).cost_ok(Response::cost).build()), Err("cost_ok".to_owned()));
    let retried = || policy().retry_if_ok(Response::is_busy);
    assert_eq!(option(retried().cost_ok(Response::cost).build()), Err("cost_ok".to_owned()));
    assert_eq!(option(retried().budget(&budget).cost_ok(Response::cost).build()), Ok(()));
    assert_eq!(option(retried().retry_after_ok(Response::hint).build()), Ok(()));
}
