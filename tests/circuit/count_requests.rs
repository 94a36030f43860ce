//! Tests `count = "requests"`: if a retry or a hedge makes several attempts, only a failure of the first attempt can
//! open a closed circuit.

use std::future::{pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::Duration;

use resilience_runtime::{
    CircuitBreaker, CircuitBuilder, CircuitState, Hedge, RetryPolicy, Timeout, circuit, deadline, get_circuit, hedge,
    retry, timeout,
};
use support::{Error, seconds};
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn builder() -> CircuitBuilder {
    CircuitBreaker::builder("count_requests").threshold(3).count_requests(true)
}

fn policy(max: u32) -> RetryPolicy {
    RetryPolicy::builder().max(max).delay(Duration::ZERO).build().unwrap()
}

fn failures(breaker: &CircuitBreaker) -> (u64, u64) {
    let stats = breaker.stats();
    (stats.failures, stats.total_failed)
}

async fn fails(breaker: &CircuitBreaker) -> Result<(), Error> {
    breaker.call(|| async { Err::<(), _>(Error::Down) }).await.map_err(|_| Error::Down)
}

#[retry(max = 4, delay = 0)]
#[circuit(name = "count_requests::attribute", count = "requests")]
async fn unlucky(fails: bool) -> Result<(), Error> {
    if fails { Err(Error::Down) } else { Ok(()) }
}

#[tokio::test]
async fn attribute_counts_first_attempt_of_each_request() {
    for _ in 0..2 {
        assert_eq!(unlucky(true).await, Err(Error::Down));
    }
    let breaker = get_circuit("count_requests::attribute").unwrap();
    assert_eq!((breaker.state(), failures(&breaker)), (CircuitState::Closed, (2, 8)));
    unlucky(false).await.unwrap();
    assert_eq!(failures(&breaker), (0, 8), "a success ends the row");
    for _ in 0..2 {
        assert_eq!(unlucky(true).await, Err(Error::Down));
    }
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert!(unlucky(true).await.is_err());
    assert_eq!((breaker.state(), failures(&breaker)), (CircuitState::Open, (3, 17)));
}

#[retry(max = 4, delay = 0)]
#[circuit(name = "count_requests::attempts", threshold = 9, count = "attempts")]
async fn counts_attempts() -> Result<(), Error> {
    Err(Error::Down)
}

#[tokio::test]
async fn attempts_count_by_default() {
    assert_eq!(counts_attempts().await, Err(Error::Down));
    assert_eq!(failures(&get_circuit("count_requests::attempts").unwrap()), (4, 4));
    let breaker = CircuitBreaker::builder("count_requests").threshold(9).build().unwrap();
    assert!(policy(4).call(|| fails(&breaker)).await.is_err());
    assert_eq!(failures(&breaker), (4, 4));
    let window = || CircuitBreaker::builder("count_requests").threshold(9).window(60 * SECOND);
    for builder in [window(), window().count_requests(false)] {
        let breaker = builder.build().unwrap();
        assert!(policy(4).call(|| fails(&breaker)).await.is_err());
        assert_eq!(failures(&breaker), (4, 4), "a window of time");
    }
}

#[circuit(name = "count_requests::called", count = "requests")]
async fn called() -> Result<(), Error> {
    Err(Error::Down)
}

#[retry(max = 3, delay = 0)]
async fn retry_in_caller() -> Result<(), Error> {
    called().await
}

#[tokio::test]
async fn called_function_counts_first_attempt_of_caller() {
    for _ in 0..2 {
        assert_eq!(retry_in_caller().await, Err(Error::Down));
    }
    assert_eq!(failures(&get_circuit("count_requests::called").unwrap()), (2, 6));
}

#[tokio::test]
async fn each_call_below_policy_counts_first_attempt() {
    let breaker = builder().build().unwrap();
    assert!(policy(3).call(|| fails(&breaker)).await.is_err());
    assert_eq!(failures(&breaker), (1, 3), "`call`");

    let breaker = builder().build().unwrap();
    let acquire = || async {
        breaker.try_acquire().unwrap().failure();
        Err::<(), _>(Error::Down)
    };
    assert!(policy(3).call(acquire).await.is_err());
    assert_eq!(failures(&breaker), (1, 3), "a permit");

    let breaker = builder().build().unwrap();
    let acquire = || {
        breaker.try_acquire().unwrap().failure();
        ready(Err::<(), _>(Error::Down))
    };
    assert!(policy(3).call(acquire).await.is_err());
    assert_eq!(failures(&breaker), (1, 3), "a permit in the synchronous part of the closure");
}

#[tokio::test]
async fn permit_of_repeat_keeps_its_mark_in_spawned_task() {
    let breaker = builder().build().unwrap();
    let spawn = || async {
        let permit = breaker.try_acquire_owned().unwrap();
        tokio::spawn(async move { permit.failure() }).await.unwrap();
        Err::<(), _>(Error::Down)
    };
    assert!(policy(3).call(spawn).await.is_err());
    assert_eq!(failures(&breaker), (1, 3));
}

#[tokio::test]
async fn spawned_task_makes_first_attempts() {
    let breaker = builder().build().unwrap();
    let spawn = || async {
        let breaker = breaker.clone();
        tokio::spawn(async move { fails(&breaker).await }).await.unwrap()
    };
    assert!(policy(3).call(spawn).await.is_err());
    assert_eq!(failures(&breaker), (3, 3));
}

#[tokio::test]
async fn first_attempt_inside_repeat_is_repeat() {
    let breaker = builder().build().unwrap();
    let inner = policy(2);
    let outer = RetryPolicy::builder().max(2).delay(Duration::ZERO).count_nested(false).build().unwrap();
    assert!(outer.call(|| inner.call(|| fails(&breaker))).await.is_err());
    assert_eq!(failures(&breaker), (1, 4));

    let breaker = builder().build().unwrap();
    let after_inner_retry = || async {
        policy(1).call(|| ready(Ok::<_, Error>(()))).await?;
        fails(&breaker).await
    };
    assert!(policy(2).call(after_inner_retry).await.is_err());
    assert_eq!(failures(&breaker), (1, 2), "a call after an inner retry");
}

#[retry(max = 2, delay = 0)]
#[retry(max = 2, delay = 0)]
#[circuit(name = "count_requests::two_retries", count = "requests")]
async fn two_retries() -> Result<(), Error> {
    Err(Error::Down)
}

#[tokio::test]
async fn two_retries_on_one_function_count_first_attempt() {
    assert_eq!(two_retries().await, Err(Error::Down));
    assert_eq!(failures(&get_circuit("count_requests::two_retries").unwrap()), (1, 4));
}

#[retry(max = 2, delay = 0)]
#[hedge(after = 1, max = 3)]
#[circuit(name = "count_requests::hedge", count = "requests")]
async fn hedged() -> Result<(), Error> {
    sleep(Duration::from_millis(2_500)).await;
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn later_attempts_of_hedge_are_repeats() {
    assert_eq!(hedged().await, Err(Error::Down));
    assert_eq!(failures(&get_circuit("count_requests::hedge").unwrap()), (1, 6));

    let breaker = builder().build().unwrap();
    let slow = || async {
        let permit = breaker.try_acquire().unwrap();
        sleep(Duration::from_millis(1_500)).await;
        permit.failure();
        Err::<(), _>(Error::Down)
    };
    let hedge = Hedge::new(SECOND, 2).unwrap();
    assert!(hedge.call(slow).await.is_err());
    assert_eq!(failures(&breaker), (1, 2), "`Hedge::call`");

    // Each attempt takes 1.1 s, so the first attempt ends before the third attempt begins (after 2 s).
    let breaker = builder().build().unwrap();
    let slow = || async {
        let permit = breaker.try_acquire().unwrap();
        sleep(Duration::from_millis(1_100)).await;
        permit.failure();
        Err::<(), _>(Error::Down)
    };
    assert!(Hedge::new(SECOND, 4).unwrap().call(slow).await.is_err());
    assert_eq!(failures(&breaker), (1, 4), "the third attempt takes no place of an earlier one");

    let breaker = builder().build().unwrap();
    let acquire = || {
        let permit = breaker.try_acquire_owned().unwrap();
        async move {
            sleep(Duration::from_millis(1_500)).await;
            permit.failure();
            Err::<(), _>(Error::Down)
        }
    };
    assert!(hedge.call(acquire).await.is_err());
    assert_eq!(failures(&breaker), (1, 2), "a permit in the synchronous part of the closure");
}

#[circuit(name = "count_requests::keyed", key = host, count = "requests")]
#[timeout(5)]
async fn with_key(host: &str) -> Result<(), Error> {
    let _ = host;
    Err(Error::Down)
}

#[circuit(with = breaker)]
async fn with_breaker(breaker: &CircuitBreaker) -> Result<(), Error> {
    Err(Error::Down)
}

#[tokio::test]
async fn keyed_and_own_breakers_count_first_attempt() {
    assert!(policy(3).call(|| with_key("a")).await.is_err());
    assert_eq!(failures(&get_circuit("count_requests::keyed[a]").unwrap()), (1, 3));
    let breaker = builder().build().unwrap();
    assert!(policy(3).call(|| with_breaker(&breaker)).await.is_err());
    assert_eq!(failures(&breaker), (1, 3));
}

const HOSTS: [&str; 2] = ["a", "b"];

#[retry(max = 2, delay = 0, attempt = n)]
#[circuit(name = "count_requests::hosts", key = HOSTS[n as usize - 1], count = "requests")]
async fn with_host_of_attempt() -> Result<(), Error> {
    Err(Error::Down)
}

#[retry(max = 2, delay = 0, attempt = n)]
#[hedge(after = 1)]
#[circuit(name = "count_requests::hedged_hosts", key = HOSTS[n as usize - 1], count = "requests")]
async fn with_hedge_and_host_of_attempt() -> Result<(), Error> {
    sleep(2 * SECOND).await;
    Err(Error::Down)
}

#[retry(max = 2, delay = 0, count_nested = false)]
async fn repeats_hedge_and_host_of_attempt() -> Result<(), Error> {
    let _ = with_hedge_and_host_of_attempt().await;
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn hedge_makes_no_repeat_of_circuit_of_its_own() {
    let hosts = || HOSTS.map(|host| get_circuit(&format!("count_requests::hedged_hosts[{host}]")).unwrap());
    assert_eq!(with_hedge_and_host_of_attempt().await, Err(Error::Down));
    assert_eq!(hosts().each_ref().map(failures), [(1, 2); 2], "the second attempt of the hedge is a repeat");
    hosts().iter().for_each(CircuitBreaker::reset);
    assert_eq!(repeats_hedge_and_host_of_attempt().await, Err(Error::Down));
    assert_eq!(hosts().each_ref().map(failures), [(1, 6); 2], "the second call of the hedge is a repeat");
}

#[tokio::test]
async fn attempt_is_first_one_for_circuit_of_its_own() {
    assert_eq!(with_host_of_attempt().await, Err(Error::Down));
    for host in HOSTS {
        assert_eq!(failures(&get_circuit(&format!("count_requests::hosts[{host}]")).unwrap()), (1, 1), "{host}");
    }
}

#[tokio::test(start_paused = true)]
async fn windows_leave_out_failures_of_repeats() {
    let rates = |builder: CircuitBuilder| builder.failure_rate(0.5).min_calls(4);
    let unset = || CircuitBreaker::builder("count_requests").count_requests(true);
    for (rule, breaker) in [
        ("window", builder().window(60 * SECOND)),
        ("calls", builder().calls(9)),
        ("rate, window", rates(unset().window(60 * SECOND))),
        ("rate, calls", rates(unset().calls(9))),
    ] {
        let breaker = breaker.build().unwrap();
        for _ in 0..2 {
            assert!(policy(4).call(|| fails(&breaker)).await.is_err());
        }
        let stats = breaker.stats();
        assert_eq!((stats.window_total, stats.window_failures, stats.total_failed), (2, 2, 8), "{rule}");
        assert_eq!(stats.state, CircuitState::Closed, "{rule}");
        breaker.try_acquire().unwrap().success();
        let stats = breaker.stats();
        assert_eq!((stats.window_total, stats.window_failures), (3, 2), "{rule}");
        assert!(policy(1).call(|| fails(&breaker)).await.is_err());
        assert_eq!(breaker.state(), CircuitState::Open, "{rule}");
    }
}

#[tokio::test(start_paused = true)]
async fn success_of_repeat_ends_row() {
    let breaker = builder().build().unwrap();
    let mut attempts = 0;
    let second_succeeds = || {
        attempts += 1;
        let fails = attempts < 3;
        breaker.call(move || async move { if fails { Err(Error::Down) } else { Ok(()) } })
    };
    policy(3).call(second_succeeds).await.unwrap();
    let stats = breaker.stats();
    assert_eq!((stats.failures, stats.total_failed, stats.total_succeeded), (0, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn failed_trial_of_repeat_opens_circuit() {
    let breaker = builder().cooldown(SECOND).build().unwrap();
    let mut attempts = 0;
    let second_fails = || {
        attempts += 1;
        if attempts == 2 {
            breaker.trip();
        }
        let breaker = &breaker;
        async move {
            advance(SECOND).await;
            fails(breaker).await
        }
    };
    assert!(policy(2).call(second_fails).await.is_err());
    assert_eq!((breaker.state(), breaker.stats().total_opened), (CircuitState::Open, 2));
}

#[tokio::test(start_paused = true)]
async fn repeat_that_hung_does_not_count() {
    let breaker = builder().hung_after(SECOND).build().unwrap();
    let mut attempts = 0;
    let second_hangs = || {
        attempts += 1;
        let hangs = attempts == 2;
        breaker.call(move || async move { if hangs { pending().await } else { Err::<(), _>(Error::Down) } })
    };
    assert!(tokio::time::timeout(seconds(5), policy(2).call(second_hangs)).await.is_err());
    assert_eq!(failures(&breaker), (1, 2), "cancelled");

    let breaker = builder().hung_after(SECOND).build().unwrap();
    let ask = Timeout::new(seconds(60)).unwrap();
    let hangs = || deadline(seconds(5), breaker.call(|| ask.call(pending::<Result<(), Error>>)));
    assert!(policy(2).call(hangs).await.is_err());
    assert_eq!(failures(&breaker), (1, 2), "ended by a deadline");
}

#[tokio::test]
async fn panic_in_repeat_leaves_no_mark() {
    let breaker = builder().build().unwrap();
    let mut attempts = 0;
    let second_panics = || {
        attempts += 1;
        let panics = attempts == 2;
        breaker.call(move || async move { if panics { panic!("on purpose") } else { Err::<(), _>(Error::Down) } })
    };
    let policy = policy(2);
    let mut call = pin!(policy.call(second_panics));
    let poll = || call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(catch_unwind(AssertUnwindSafe(poll)).is_err());
    assert_eq!(failures(&breaker), (1, 2), "the panic of a repeat");
    assert!(fails(&breaker).await.is_err());
    assert_eq!(failures(&breaker), (2, 3), "the next call is a first attempt");
}
