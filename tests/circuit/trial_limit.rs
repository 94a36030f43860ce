//! Tests the limit of trials (calls of a half-open circuit), which trials without outcome raise.

use std::io;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState, Permit, circuit, get_circuit};
use tokio::time::advance;

async fn half_open(name: &str) -> CircuitBreaker {
    let breaker = get_circuit(name).expect("declared by an attribute");
    breaker.trip();
    advance(Duration::from_secs(60)).await;
    breaker
}

#[circuit(name = "trials::pages", threshold = 1)]
async fn fetch(page: u32) -> io::Result<u32> {
    tokio::task::yield_now().await;
    Ok(page)
}

#[circuit(name = "trials::pages of two", threshold = 1, half_open_max = 2)]
async fn fetch_of_two(page: u32) -> io::Result<u32> {
    tokio::task::yield_now().await;
    Ok(page)
}

/// Each request makes two calls, and drops the first call because the circuit rejects the second call. After three of
/// these trials, each further one admits one more trial.
#[tokio::test(start_paused = true)]
async fn rejected_siblings_do_not_keep_the_circuit_half_open_for_ever() {
    let pages = half_open("trials::pages").await;
    for _ in 0..4 {
        tokio::try_join!(fetch(1), fetch(2)).unwrap_err();
    }
    assert_eq!((pages.state(), pages.stats().total_cancelled), (CircuitState::HalfOpen, 4));
    assert_eq!(tokio::try_join!(fetch(1), fetch(2)).unwrap(), (1, 2));
    assert_eq!(pages.state(), CircuitState::Closed);
}

#[circuit(name = "trials::two pages", threshold = 1)]
async fn fetch_in_both(page: u32) -> io::Result<u32> {
    tokio::task::yield_now().await;
    Ok(page)
}

#[circuit(name = "trials::two pages")]
async fn both_pages() -> io::Result<(u32, u32)> {
    tokio::try_join!(fetch_in_both(1), fetch_in_both(2))
}

/// The page of `#[circuit]` describes these ways to avoid the first rejections.
#[tokio::test(start_paused = true)]
async fn siblings_pass_in_one_function_with_join_or_with_enough_trials() {
    let pages = half_open("trials::two pages").await;
    assert_eq!(both_pages().await.unwrap(), (1, 2));
    assert_eq!(pages.state(), CircuitState::Closed);

    half_open("trials::two pages").await;
    assert!(tokio::join!(fetch_in_both(1), fetch_in_both(2)).0.is_ok());
    assert_eq!(pages.state(), CircuitState::Closed);

    let pages = half_open("trials::pages of two").await;
    assert_eq!(tokio::try_join!(fetch_of_two(1), fetch_of_two(2)).unwrap(), (1, 2));
    assert_eq!(pages.state(), CircuitState::Closed);
}

/// Makes requests until the half-open circuit is closed. Each request starts `calls` calls at the same time, and drops
/// its calls if the circuit rejects one of them. Returns the number of requests, at most 100.
async fn requests_until_closed(calls: usize) -> usize {
    let breaker = CircuitBreaker::builder("trials::simultaneous").build().unwrap();
    breaker.trip();
    advance(Duration::from_secs(60)).await;
    for requests in 1..100 {
        let all: Result<Vec<_>, _> = (0..calls).map(|_| breaker.try_acquire()).collect();
        if let Ok(all) = all {
            all.into_iter().for_each(Permit::success);
            assert_eq!(breaker.state(), CircuitState::Closed);
            return requests;
        }
    }
    100
}

#[tokio::test(start_paused = true)]
async fn half_open_circuit_closes_after_requests_of_up_to_33_simultaneous_calls() {
    for (calls, expected) in [(1, 1), (2, 5), (5, 7), (33, 10), (34, 100)] {
        assert_eq!(requests_until_closed(calls).await, expected, "{calls}");
    }
}

#[circuit(name = "trials::set", threshold = 1)]
async fn page_of_set(page: u32) -> io::Result<u32> {
    tokio::task::yield_now().await;
    Ok(page)
}

#[circuit(name = "trials::set")]
async fn pages_of_set() -> io::Result<u32> {
    let mut set: tokio::task::JoinSet<_> = (0..3).map(page_of_set).collect();
    let mut sum = 0;
    while let Some(page) = set.join_next().await {
        sum += page.unwrap()?;
    }
    Ok(sum)
}

#[tokio::test(start_paused = true)]
async fn rejected_tasks_of_a_trial_do_not_keep_the_circuit_half_open_for_ever() {
    let set = half_open("trials::set").await;
    for _ in 0..4 {
        pages_of_set().await.unwrap_err();
    }
    assert_eq!((set.state(), set.stats().total_opened), (CircuitState::HalfOpen, 1));
    pages_of_set().await.unwrap_err();
    pages_of_set().await.unwrap();
    assert_eq!(set.state(), CircuitState::Closed);
}

#[circuit(name = "trials::blocking", threshold = 1)]
fn read_page() -> io::Result<u32> {
    Ok(1)
}

#[circuit(name = "trials::blocking")]
async fn page_of_thread() -> io::Result<u32> {
    tokio::task::spawn_blocking(read_page).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn rejected_blocking_call_of_a_trial_does_not_keep_the_circuit_half_open_for_ever() {
    let blocking = half_open("trials::blocking").await;
    for _ in 0..4 {
        page_of_thread().await.unwrap_err();
    }
    assert_eq!(page_of_thread().await.unwrap(), 1);
    assert_eq!(blocking.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn additional_trials_end_with_the_half_open_state() {
    let breaker = CircuitBreaker::builder("trials::additional").threshold(1).build().unwrap();
    breaker.trip();
    advance(Duration::from_secs(60)).await;
    (0..10).for_each(|_| drop(breaker.try_acquire().unwrap()));
    let trials: Vec<_> = std::iter::repeat_with(|| breaker.try_acquire()).take_while(Result::is_ok).collect();
    assert_eq!(trials.len(), 8);
    breaker.trip();
    advance(Duration::from_secs(60)).await;
    let _trial = breaker.try_acquire().unwrap();
    drop(trials);
    assert!(breaker.try_acquire().is_err(), "trials of an earlier state admit no more trials");
}

#[tokio::test(start_paused = true)]
async fn trials_beyond_their_time_limit_raise_the_limit() {
    for is_ignored in [true, false] {
        let breaker = CircuitBreaker::builder("trials::late").threshold(1).half_open_max(9).build().unwrap();
        breaker.trip();
        advance(Duration::from_secs(60)).await;
        let expired: Vec<_> = (0..9).map(|_| breaker.try_acquire().unwrap()).collect();
        advance(Duration::from_secs(60)).await;
        let _trials: Vec<_> = (0..9).map(|_| breaker.try_acquire().unwrap()).collect();
        if is_ignored {
            expired.into_iter().for_each(Permit::ignore);
        } else {
            drop(expired);
        }
        let more: Vec<_> = std::iter::repeat_with(|| breaker.try_acquire()).take_while(Result::is_ok).collect();
        assert_eq!(more.len(), 6, "ignored: {is_ignored}");
    }
}
