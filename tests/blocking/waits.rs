//! Tests functions that are not `async`, and that wait in the queue of a bulkhead or of a rate limit.

use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use resilience_runtime::{Bulkhead, CallError, RateLimit, RateLimitedError, bulkhead, get_stats, rate_limit};
use support::{Error, paused_runtime, seconds};
use tokio::sync::Semaphore;

use crate::pauses;

const LONG: Duration = seconds(30);

#[bulkhead(with = bulkhead)]
fn plain(bulkhead: &Bulkhead, order: &Mutex<Vec<&str>>) -> Result<u32, Error> {
    order.lock().unwrap().push("plain");
    Ok(bulkhead.stats().in_use)
}

#[bulkhead(with = bulkhead)]
async fn not_plain(bulkhead: &Bulkhead, order: &Mutex<Vec<&str>>) -> Result<u32, Error> {
    order.lock().unwrap().push("async");
    Ok(bulkhead.stats().in_use)
}

/// Blocks the thread until the number of waiting calls is `waiting`. Panics after ten seconds.
fn until(waiting: u32, read: impl Fn() -> u32) {
    let begin = Instant::now();
    while read() != waiting {
        assert!(begin.elapsed() < seconds(10), "{} of {waiting} calls wait", read());
        thread::park_timeout(Duration::from_millis(1));
    }
}

#[test]
fn plain_and_async_calls_wait_in_one_queue() {
    for expected in [["plain", "async"], ["async", "plain"]] {
        let bulkhead = Bulkhead::builder("waits", 1).wait(LONG).build().unwrap();
        let order = Mutex::new(vec![]);
        let slot = bulkhead.try_acquire().unwrap();
        thread::scope(|scope| {
            for (waiting, kind) in (0..).zip(expected) {
                until(waiting, || bulkhead.stats().waiting);
                let (bulkhead, order) = (&bulkhead, &order);
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                    let in_use = match kind {
                        "plain" => plain(bulkhead, order),
                        _ => runtime.block_on(not_plain(bulkhead, order)),
                    };
                    assert_eq!(in_use, Ok(1));
                });
            }
            until(2, || bulkhead.stats().waiting);
            drop(slot);
        });
        assert_eq!(*order.lock().unwrap(), expected);
        let stats = bulkhead.stats();
        assert_eq!((stats.in_use, stats.waiting, stats.total_admitted), (0, 0, 3));
    }
}

/// Runs `call` while another thread holds the only slot of the bulkhead. The other thread frees the slot after at most
/// five seconds, so that the test cannot hang.
fn while_full<T>(bulkhead: &Bulkhead, call: impl FnOnce() -> T) -> T {
    let (ended, is_ended) = mpsc::channel();
    thread::scope(|scope| {
        let slot = bulkhead.try_acquire().unwrap();
        scope.spawn(move || {
            let _ = is_ended.recv_timeout(seconds(5));
            drop(slot);
        });
        let outcome = call();
        ended.send(()).unwrap();
        outcome
    })
}

#[expect(clippy::unnecessary_wraps, reason = "the body of a fallible call")]
fn well() -> Result<(), Error> {
    Ok(())
}

#[test]
fn plain_call_is_rejected_after_its_wait() {
    let bulkhead = Bulkhead::builder("waits::short", 1).wait(Duration::from_millis(1)).build().unwrap();
    let order = Mutex::new(vec![]);
    let (attribute, method) = while_full(&bulkhead, || (plain(&bulkhead, &order), bulkhead.call_blocking(well)));
    assert!(matches!(attribute, Err(Error::Full(_))));
    assert!(matches!(method, Err(CallError::Rejected(rejection)) if rejection.name() == Some("waits::short")));
    let stats = bulkhead.stats();
    assert_eq!((stats.in_use, stats.waiting, stats.total_admitted, stats.total_rejected), (0, 0, 1, 2));
    assert_eq!(bulkhead.call_blocking(|| Ok::<_, Error>(bulkhead.stats().in_use)), Ok(1));
}

#[bulkhead(max = 1, wait = time, name = "waits::evaluated")]
fn evaluated(time: Duration, then: impl FnOnce()) -> Result<(), Error> {
    then();
    Ok(())
}

#[test]
fn plain_call_waits_for_evaluated_time() {
    let waiting = || get_stats().bulkheads["waits::evaluated"].waiting;
    let (begun, is_begun) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            let then = || {
                begun.send(()).unwrap();
                until(1, waiting);
            };
            evaluated(Duration::ZERO, then).unwrap();
        });
        is_begun.recv().unwrap();
        assert!(matches!(evaluated(Duration::ZERO, || ()), Err(Error::Full(_))));
        assert_eq!(evaluated(LONG, || ()), Ok(()));
    });
}

#[test]
fn full_queue_rejects_plain_call() {
    let bulkhead = Bulkhead::builder("waits::queue", 1).wait(LONG).max_queue(1).build().unwrap();
    thread::scope(|scope| {
        let (first, rejected) = while_full(&bulkhead, || {
            let first = scope.spawn(|| bulkhead.call_blocking(well));
            until(1, || bulkhead.stats().waiting);
            (first, bulkhead.call_blocking(well))
        });
        assert!(matches!(rejected, Err(CallError::Rejected(_))));
        assert_eq!(first.join().unwrap(), Ok(()));
    });
}

/// Acquires a semaphore in a loop, to use up tokio's cooperative budget of the task. Returns whether the budget is used
/// up.
fn use_up_budget() -> bool {
    let semaphore = Semaphore::new(1);
    (0..1_000).any(|_| {
        let polled = pin!(semaphore.acquire()).poll(&mut Context::from_waker(Waker::noop()));
        matches!(polled, Poll::Pending)
    })
}

#[test]
fn plain_call_in_a_task_without_budget_waits() {
    let bulkhead = Bulkhead::builder("waits::budget", 1).wait(LONG).build().unwrap();
    let order = Mutex::new(vec![]);
    let (taken, is_taken) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let slot = bulkhead.try_acquire().unwrap();
            taken.send(()).unwrap();
            until(1, || bulkhead.stats().waiting);
            drop(slot);
        });
        is_taken.recv().unwrap();
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
            assert!(use_up_budget());
            assert_eq!(plain(&bulkhead, &order), Ok(1));
        });
    });
}

#[test]
fn plain_call_in_a_task_without_budget_waits_for_rate() {
    let runtime = paused_runtime();
    runtime.block_on(async {
        pauses::record_on_paused_clock();
        let limit = RateLimit::builder("waits::rate_budget", 1).burst(1).wait(seconds(9)).build().unwrap();
        assert!(use_up_budget());
        paced(&limit).unwrap();
        paced(&limit).unwrap();
        assert_eq!(pauses::recorded(), [1_000]);
    });
}

#[rate_limit(with = limit)]
fn paced(limit: &RateLimit) -> Result<(), RateLimitedError> {
    Ok(())
}

#[rate_limit(limit = 60, per = "1m", burst = 6, tokens = tokens, wait = 5, name = "waits::tokens")]
fn tokens(tokens: u32) -> Result<(), RateLimitedError> {
    Ok(())
}

#[test]
fn plain_call_waits_for_rate() {
    let runtime = paused_runtime();
    runtime.block_on(async {
        pauses::record_on_paused_clock();
        let limit = RateLimit::builder("waits::rate", 10).burst(1).wait(seconds(1)).build().unwrap();
        for _ in 0..4 {
            paced(&limit).unwrap();
        }
        limit.call_blocking(|| Ok::<_, Error>(())).unwrap();
        assert_eq!(pauses::recorded(), [100; 4]);
        assert_eq!(limit.stats().total_admitted, 5);

        tokens(6).unwrap();
        tokens(4).unwrap();
        assert_eq!(pauses::recorded(), [1_000; 4], "each second, the call asks for its tokens again");
        assert!(tokens(6).is_err(), "the wait would be 6 s");
        assert!(tokens(7).unwrap_err().is_above_burst());
        assert_eq!(pauses::recorded(), []);
    });
}

#[rate_limit(with = limit, tokens = tokens)]
fn weighed(limit: &RateLimit, tokens: u32) -> Result<u64, RateLimitedError> {
    Ok(limit.stats().total_admitted)
}

#[test]
fn plain_calls_wait_in_order_for_rate() {
    let limit = RateLimit::builder("waits::order", 100).burst(10).wait(LONG).build().unwrap();
    assert_eq!(weighed(&limit, 10).unwrap(), 1);
    thread::scope(|scope| {
        scope.spawn(|| weighed(&limit, 9).unwrap());
        until(1, || limit.stats().waiting);
        assert_eq!(weighed(&limit, 1).unwrap(), 3, "the call for one token does not overtake the other call");
    });
}

#[test]
fn plain_calls_wait_in_line_for_rate() {
    let limit = RateLimit::builder("waits::line", 1_000).burst(1).wait(LONG).max_queue(8).build().unwrap();
    limit.update(0, Duration::from_millis(20));
    thread::scope(|scope| {
        let calls: Vec<_> = (0..8).map(|_| scope.spawn(|| paced(&limit))).collect();
        assert!(calls.into_iter().all(|call| call.join().unwrap().is_ok()));
    });
    assert_eq!((limit.stats().waiting, limit.stats().total_admitted), (0, 8));
}

#[test]
fn plain_call_on_a_clock_that_stands_ends_its_wait() {
    let runtime = paused_runtime();
    runtime.block_on(async {
        pauses::record();
        let wait = Duration::from_millis(20);
        let limit = RateLimit::builder("waits::stands", 100).burst(1).wait(wait).build().unwrap();
        paced(&limit).unwrap();
        let begin = std::time::Instant::now();
        assert_eq!(paced(&limit).unwrap_err().retry_after(), Some(Duration::from_millis(10)));
        assert!(begin.elapsed() >= wait);
        assert_eq!((limit.stats().waiting, limit.stats().total_rejected), (0, 1));
    });
}
