//! Tests retries of functions that are not `async`.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::time::Duration;

use resilience_runtime::{
    CallError, CircuitBreaker, CircuitOpenError, RetryBudget, RetryPolicy, RetryRatio, TokenBucket, circuit,
    get_circuit, retry,
};
use support::{Error, fail, paused_runtime, seconds};

use crate::pauses;

#[retry(max = 4, delay = 1)]
fn down(calls: &Cell<u32>) -> Result<(), u32> {
    fail(calls)
}

#[test]
fn plain_retry_sleeps_between_attempts() {
    pauses::record();
    let calls = Cell::new(0);
    assert_eq!(down(&calls), Err(4));
    assert_eq!(pauses::recorded(), [1_000, 2_000, 4_000]);
}

#[test]
fn blocking_policy_lends_its_captures() {
    pauses::record();
    let policy = RetryPolicy::builder().max(3).delay(seconds(3)).retry_if(|error: &u32| *error != 2).build().unwrap();
    let mut calls = vec![];
    let outcome = policy.call_blocking(|| -> Result<(), u32> {
        calls.push(calls.len());
        Err(u32::try_from(calls.len()).unwrap())
    });
    assert_eq!(outcome, Err(2), "`retry_if` returns false for the second error");
    assert_eq!(calls, [0, 1]);
    assert_eq!(pauses::recorded(), [3_000]);
    assert_eq!(policy.stats().total_retries, 1);
}

#[test]
fn attempts_of_plain_loop_sleep_and_end() {
    pauses::record();
    let policy = RetryPolicy::builder().max(3).delay(seconds(3)).retry_if(|error: &u32| *error != 7).build().unwrap();
    let call = |errors: &[u32]| {
        let mut attempts = policy.start();
        let mut errors = errors.iter();
        loop {
            let outcome = attempts.next_blocking(|| errors.next().map_or(Ok("well"), |error| Err(*error)));
            if let ControlFlow::Break(outcome) = outcome {
                return (outcome, pauses::recorded());
            }
        }
    };
    assert_eq!(call(&[]), (Ok("well"), vec![]));
    assert_eq!(call(&[1, 2]), (Ok("well"), vec![3_000, 6_000]));
    assert_eq!(call(&[1, 2, 3, 4]), (Err(3), vec![3_000, 6_000]));
    assert_eq!(call(&[1, 7, 3]), (Err(7), vec![3_000]), "`retry_if` returns false for the error 7");
    let stats = policy.stats();
    assert_eq!((stats.total_retries, stats.total_recovered, stats.total_exhausted), (5, 1, 1));
}

#[test]
fn attempts_of_plain_loop_see_circuits_and_retries() {
    pauses::record();
    let policy = RetryPolicy::builder().max(4).build().unwrap();
    let breaker = CircuitBreaker::builder("retry::loop").threshold(1).build().unwrap();
    let mut attempts = policy.start();
    let fails = || breaker.call_blocking(|| Err::<(), _>(Opaque(Error::Down)));
    let first = attempts.next_blocking(fails);
    assert!(matches!(first, ControlFlow::Break(Err(CallError::Failed(_)))), "the circuit stays open: {first:?}");
    let calls = Cell::new(0);
    assert_eq!(
        policy.start().next_blocking(|| down(&calls)),
        ControlFlow::Break(Err(4)),
        "the attempts of `down` count"
    );
    assert_eq!(pauses::recorded(), [1_000, 2_000, 4_000]);
}

struct Client {
    policy: RetryPolicy<Error>,
    budget: RetryBudget,
    sent: u32,
}

impl Client {
    #[retry(with = self.policy, budget = self.budget)]
    fn send(&mut self) -> Result<u32, Error> {
        self.sent += 1;
        Err(Error::Failed(self.sent))
    }
}

#[test]
fn held_policy_and_budget_limit_plain_retries() {
    pauses::record();
    let policy = RetryPolicy::builder().max(9).retry_if(|error| *error != Error::Down).build().unwrap();
    let budget = RetryBudget::bucket(TokenBucket { capacity: 16, ..TokenBucket::DEFAULT });
    let mut client = Client { policy, budget, sent: 0 };
    assert!(client.send().is_err());
    let sent = client.sent;
    assert!(client.send().is_err());
    assert_eq!((sent, client.sent), (4, 5), "the budget grants three retries");
}

static RATIO: RetryBudget = RetryBudget::ratio(RetryRatio { min_per_second: 0, share: 0.5, ..RetryRatio::DEFAULT });

#[retry(max = 9, delay = 0, budget = RATIO)]
fn within_ratio(calls: &Cell<u32>) -> Result<(), u32> {
    fail(calls)
}

#[test]
fn plain_calls_add_to_budget_of_ratio() {
    let calls = Cell::new(0);
    for _ in 0..4 {
        assert!(within_ratio(&calls).is_err());
    }
    assert_eq!((calls.get(), RATIO.stats().granted), (6, 2), "four calls allow two retries");
    let policy = RetryPolicy::builder().max(9).delay(Duration::ZERO).budget(&RATIO).build().unwrap();
    for _ in 0..4 {
        assert!(policy.call_blocking(|| fail(&calls)).is_err());
    }
    assert_eq!((calls.get(), RATIO.stats().granted), (12, 4));
}

#[retry(max = 3, delay = 1, attempt = n, on_retry = |retry| attempts.set(attempts.get() * 10 + retry.attempt), retry_if_ok = |n| *n < 3)]
fn counted(attempts: &Cell<u32>) -> Result<u32, Error> {
    let _ = attempts;
    Ok(n)
}

#[test]
fn options_of_plain_retry_see_attempts() {
    pauses::record();
    let attempts = Cell::new(0);
    assert_eq!(counted(&attempts), Ok(3));
    assert_eq!(attempts.get(), 12);
}

#[retry(max = 4)]
fn outer(calls: &Cell<u32>) -> Result<(), u32> {
    down(calls)
}

#[retry(max = 4)]
async fn async_outer(calls: &Cell<u32>) -> Result<(), u32> {
    down(calls)
}

#[test]
fn nested_plain_retries_do_not_multiply() {
    pauses::record();
    let calls = Cell::new(0);
    assert_eq!(outer(&calls), Err(4));
    assert_eq!(paused_runtime().block_on(async_outer(&calls)), Err(8));
    let policy = RetryPolicy::builder().max(4).build().unwrap();
    assert_eq!(policy.call_blocking(|| down(&calls)), Err(12));
}

/// An error without a `source`. The library therefore finds no rejection inside this error.
#[derive(Debug)]
struct Opaque(#[expect(dead_code, reason = "the error of the rejection exists as long as this error")] Error);

#[circuit(name = "retry::called", threshold = 2)]
fn called(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    Err(Error::Down)
}

#[retry(max = 9, delay = 1)]
fn calls_a_circuit(calls: &Cell<u32>) -> Result<(), Opaque> {
    called(calls).map_err(Opaque)
}

#[test]
fn circuit_of_called_function_ends_plain_retry() {
    pauses::record();
    let calls = Cell::new(0);
    assert!(calls_a_circuit(&calls).is_err());
    assert_eq!((calls.get(), pauses::recorded()), (2, vec![1_000]), "the circuit stays open longer than the pause");
    assert!(calls_a_circuit(&calls).is_err());
    assert_eq!((calls.get(), pauses::recorded()), (2, vec![]));
    let breaker = CircuitBreaker::builder("retry::method").threshold(2).build().unwrap();
    let policy = RetryPolicy::builder().max(9).build().unwrap();
    let failed = policy.call_blocking(|| breaker.call_blocking(|| Err::<(), _>(Opaque(Error::Down))));
    assert!(matches!(failed, Err(CallError::Failed(_))));
    assert_eq!(breaker.stats().total_failed, 2);
}

#[circuit(name = "retry::selects", threshold = 99, failure_if_ok = |()| true)]
fn selects() -> Result<(), Error> {
    Ok(())
}

#[retry(max = 3, delay = 1)]
fn calls_two_circuits(open: &CircuitBreaker, selects_last: bool) -> Result<(), Opaque> {
    let fails = || drop(open.call_blocking(|| Err::<(), _>(Opaque(Error::Down))));
    if selects_last {
        fails();
    }
    selects().map_err(Opaque)?;
    if !selects_last {
        fails();
    }
    Err(Opaque(Error::Down))
}

#[test]
fn last_circuit_that_failed_decides_about_plain_retry() {
    pauses::record();
    let open = CircuitBreaker::builder("retry::first").threshold(1).build().unwrap();
    assert!(calls_two_circuits(&open, true).is_err());
    assert_eq!(pauses::recorded(), [1_000, 2_000], "the circuit that failed last is closed");
    open.reset();
    assert!(calls_two_circuits(&open, false).is_err());
    assert_eq!(pauses::recorded(), [], "the circuit that failed last is open");
}

#[retry(max = 9, delay = 1)]
#[circuit(name = "retry::below", threshold = 3)]
fn over_circuit(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    Err(Error::Failed(calls.get()))
}

#[test]
fn own_circuit_ends_plain_retry() {
    pauses::record();
    let calls = Cell::new(0);
    assert_eq!(over_circuit(&calls), Err(Error::Failed(3)));
    assert_eq!(pauses::recorded(), [1_000, 2_000]);
    assert!(matches!(over_circuit(&calls), Err(Error::Open(_))));
    assert_eq!(get_circuit("retry::below").unwrap().stats().total_rejected, 1);
}

#[retry(max = 9, delay = 1)]
#[circuit(name = "retry::above_trial", error = |_| Opaque(Error::Down))]
#[circuit(name = "retry::trial", error = |_| Opaque(Error::Down))]
fn over_trial() -> Result<(), Opaque> {
    Ok(())
}

#[test]
fn running_trial_ends_plain_retry() {
    pauses::record();
    let breaker = get_circuit("retry::trial").unwrap();
    paused_runtime().block_on(async {
        breaker.trip();
        tokio::time::advance(seconds(30)).await;
        let trial = breaker.try_acquire().unwrap();
        assert!(over_trial().is_err(), "the circuit rejects the call, but is not open");
        trial.success();
        assert!(over_trial().is_ok());
    });
    assert_eq!((breaker.stats().total_rejected, pauses::recorded()), (1, vec![]));
}

thread_local! {
    static KEPT: RefCell<Vec<CircuitOpenError>> = const { RefCell::new(Vec::new()) };
}

#[retry(max = 2, delay = 1)]
fn inner_of_hook() -> Result<(), String> {
    Err("down".to_owned())
}

#[retry(max = 4, delay = 1, count_nested = false)]
fn outer_of_hook(calls: &Cell<u32>) -> Result<(), String> {
    calls.set(calls.get() + 1);
    inner_of_hook()
}

#[test]
fn call_in_sleep_is_no_part_of_attempt() {
    let calls = Cell::new(0);
    pauses::record_with(|| {
        let open = CircuitBreaker::builder("retry::sleep").build().unwrap();
        open.force_open();
        KEPT.with_borrow_mut(|kept| kept.push(open.try_acquire().unwrap_err()));
    });
    outer_of_hook(&calls).unwrap_err();
    assert_eq!(calls.get(), 4, "the circuit that the sleep called does not end the retry");
    let breaker = CircuitBreaker::builder("retry::around_sleep").build().unwrap();
    breaker.call_blocking(inner_of_hook).unwrap_err();
    assert_eq!((breaker.stats().total_failed, breaker.stats().total_ignored), (1, 0));
    assert_eq!(KEPT.take().len(), 4 + 3 + 1, "each pause called the circuit");
}
