//! Runs each of four tests twenty times in parallel. All these tests use the same circuit name. `.ci/testing` repeats
//! the tests while other programs use the processor.

use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use resilience_runtime::{
    RetryBudget, TokenBucket, assert_circuit, bulkhead, circuit, expect_events, get_circuit, get_stats, rate_limit,
    retry, testing, timeout,
};
use testing::{fail_next, handle, hold_clock, isolated};
use tokio::task::{JoinSet, yield_now};
use tokio::time::advance;

use super::server::{Server, get};
use super::{SECOND, timed_out};

static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket { capacity: 10, ..TokenBucket::DEFAULT });

#[retry(name = "twenty_retry", max = 2, delay = 0, budget = BUDGET)]
#[circuit(name = "twenty", threshold = 3, cooldown = 30)]
#[rate_limit(name = "twenty_rate", limit = 10, per = "1h", burst = 10)]
#[bulkhead(name = "twenty_slots", max = 10)]
async fn ask() -> io::Result<u32> {
    yield_now().await;
    Ok(7)
}

/// Opens the circuit with three failed attempts in two calls. One of the attempts is a retry, which costs five tokens
/// of the budget.
async fn outage() {
    assert_circuit!("twenty", Closed);
    expect_events![];
    assert_eq!(BUDGET.stats().tokens, 10);
    fail_next("twenty", 3, timed_out);
    assert_eq!(ask().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(ask().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_circuit!("twenty", Open);
    assert!(get_circuit("twenty").unwrap().try_acquire().is_err());
    let stats = get_stats();
    assert_eq!((BUDGET.stats().tokens, stats.retries["twenty_retry"].total_attempts), (5, 3));
    assert_eq!(stats.rate_limits["twenty_rate"].total_admitted, 3);
    assert_eq!(stats.bulkheads["twenty_slots"].total_admitted, 3);
}

async fn on_paused_clock() {
    outage().await;
    advance(31 * SECOND).await;
    assert_eq!(ask().await.unwrap(), 7);
    assert_circuit!("twenty", Closed);
    expect_events![circuit_opened(failures = 3), circuit_rejected, circuit_half_open, circuit_closed];
}

async fn with_tasks() {
    outage().await;
    advance(31 * SECOND).await;
    tasks().await;
}

/// Closes the circuit by a call in a task, and then makes calls in six tasks.
async fn tasks() {
    assert_eq!(handle().spawn(ask()).await.unwrap().unwrap(), 7);
    assert_circuit!("twenty", Closed);
    let mut tasks = JoinSet::new();
    for _ in 0..6 {
        tasks.spawn(handle().scope(ask()));
    }
    assert!(tasks.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
    ask().await.expect_err("the rate limit admits ten calls");
    assert_circuit!("twenty", Closed);
    assert_eq!(get_stats().circuits["twenty"].total_succeeded, 7);
}

#[circuit(name = "twenty", threshold = 3, cooldown = 30)]
#[timeout(1)]
async fn request(address: SocketAddr) -> io::Result<u16> {
    match get(address).await? {
        200 => Ok(200),
        status => Err(io::Error::other(status.to_string())),
    }
}

async fn with_server() {
    let server = Server::start(|request| {
        thread::sleep(Duration::from_millis(2));
        if request <= 3 { 503 } else { 200 }
    });
    let _held = hold_clock();
    for _ in 0..3 {
        assert_eq!(request(server.address()).await.unwrap_err().to_string(), "503");
    }
    assert_circuit!("twenty", Open);
    request(server.address()).await.unwrap_err();
    assert_eq!(server.requests(), 3);
    advance(31 * SECOND).await;
    assert_eq!(request(server.address()).await.unwrap(), 200);
    assert_circuit!("twenty", Closed);
}

async fn on_real_clock() {
    isolated(async {
        outage().await;
        assert!(handle().spawn(ask()).await.unwrap().is_err(), "the circuit is open in each thread");
        testing::reset_everything();
        assert_eq!(BUDGET.stats().tokens, 10);
        // After the reset, the rate limit admits ten calls again: three calls here, and seven calls in tasks.
        for _ in 0..3 {
            ask().await.unwrap();
        }
        get_circuit("twenty").unwrap().trip();
        get_circuit("twenty").unwrap().reset();
        let mut tasks = JoinSet::new();
        for _ in 0..7 {
            tasks.spawn(handle().scope(ask()));
        }
        assert!(tasks.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
        ask().await.expect_err("the rate limit admits ten calls");
        assert_eq!(get_stats().circuits["twenty"].total_succeeded, 10);
    })
    .await;
}

/// Declares a module with twenty tests that have the same body.
macro_rules! twenty {
    ($body:ident: $test:meta) => {
        mod $body {
            twenty!(@ $body: $test, a b c d e f g h i j k l m n o p q r s t);
        }
    };
    (@ $body:ident: $test:meta, $($name:ident)*) => {
        $(
            #[$test]
            async fn $name() {
                super::$body().await;
            }
        )*
    };
}
twenty!(on_paused_clock: resilience_runtime::test);
twenty!(with_tasks: resilience_runtime::test);
twenty!(with_server: resilience_runtime::test);
twenty!(on_real_clock: tokio::test(flavor = "multi_thread", worker_threads = 2));
