//! Tests that many threads can use one breaker, and that the public types are `Send` and `Sync`.

use std::fmt::Debug;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use resilience_runtime::{
    CallError, CircuitBreaker, CircuitBuilder, CircuitConflict, CircuitOpenError, CircuitState, CircuitStats,
    ConfigError, OwnedPermit, Permit, RetryBudget, RetryBuilder, RetryPolicy, circuit, get_circuit,
};

const THREADS: usize = 8;

/// Calls `f` in eight threads at the same time. The argument of `f` is the number of the thread, from 0 to 7.
fn at_once<T: Send>(f: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(THREADS);
    thread::scope(|scope| {
        let run = |number| {
            barrier.wait();
            f(number)
        };
        let threads: Vec<_> = (0..THREADS).map(|number| scope.spawn(move || run(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Repeats the case `H06-never-more-than-permitted` of `tests/cases/breaker.json` with real threads.
#[test]
fn concurrent_trials_stay_within_half_open_max() {
    for half_open_max in [1, 3] {
        for _ in 0..200 {
            let breaker = CircuitBreaker::builder("trials")
                .threshold(1)
                .cooldown(Duration::ZERO)
                .half_open_max(half_open_max)
                .build()
                .unwrap();
            breaker.try_acquire().unwrap().failure();
            let trials: Vec<_> = at_once(|_| breaker.try_acquire().ok()).into_iter().flatten().collect();
            assert_eq!(trials.len(), half_open_max as usize);
            assert_eq!(breaker.stats().total_rejected, (THREADS - trials.len()) as u64);
            trials.into_iter().for_each(Permit::success);
            assert_eq!(breaker.state(), CircuitState::Closed);
        }
    }
}

#[test]
fn concurrent_failures_open_circuit_once() {
    for _ in 0..200 {
        let breaker = CircuitBreaker::builder("opens_once").threshold(4).build().unwrap();
        let permits: Vec<_> = (0..THREADS).map(|_| breaker.try_acquire_owned().unwrap()).collect();
        let permits: Vec<_> = permits.into_iter().map(|permit| std::sync::Mutex::new(Some(permit))).collect();
        at_once(|number| permits[number].lock().unwrap().take().unwrap().failure());
        let stats = breaker.stats();
        assert_eq!((stats.state, stats.failures, stats.total_opened), (CircuitState::Open, 4, 1));
        assert_eq!(stats.total_failed, THREADS as u64, "stale failures appear in the totals only");
    }
}

#[test]
fn totals_add_up_under_concurrent_calls() {
    const CALLS: usize = 5_000;
    let breaker = CircuitBreaker::builder("totals").threshold(2).cooldown(Duration::ZERO).build().unwrap();
    let admitted: usize = at_once(|number| {
        let end = |call: usize| match breaker.try_acquire() {
            Ok(permit) => {
                match (call * 7 + number) % 5 {
                    0 => permit.failure(),
                    1 => permit.ignore(),
                    2 => drop(permit),
                    _ => permit.success(),
                }
                true
            }
            Err(_) => false,
        };
        (0..CALLS).filter(|call| end(*call)).count()
    })
    .into_iter()
    .sum();
    let stats = breaker.stats();
    let ended = stats.total_succeeded + stats.total_failed + stats.total_ignored + stats.total_cancelled;
    assert_eq!(ended, admitted as u64);
    assert_eq!(ended + stats.total_rejected, (CALLS * THREADS) as u64);
    assert!(stats.successes <= stats.total_succeeded);
}

#[circuit(name = "concurrency::first_use")]
async fn first_use() -> std::io::Result<()> {
    Ok(())
}

#[test]
fn concurrent_first_calls_share_one_breaker() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    at_once(|_| runtime().block_on(first_use()).unwrap());
    assert_eq!(get_circuit("concurrency::first_use").unwrap().stats().successes, THREADS as u64);
}

#[test]
fn public_types_are_send_and_sync() {
    fn table<T: Send + Sync + Debug>() {}
    fn handle<T: Clone + Send + Sync + Debug + Unpin + 'static>() {}
    fn error<T: std::error::Error + Clone + Eq + Send + Sync + Unpin + 'static>() {}
    fn sends<T: Send>(_: T) {}
    table::<Permit<'static>>();
    table::<OwnedPermit>();
    handle::<RetryPolicy<std::cell::Cell<u32>, std::rc::Rc<u32>>>();
    handle::<RetryBudget>();
    handle::<CircuitBreaker>();
    handle::<CircuitBuilder>();
    handle::<CircuitStats>();
    handle::<CircuitState>();
    handle::<RetryPolicy>();
    handle::<RetryBuilder>();
    error::<CircuitOpenError>();
    error::<ConfigError>();
    error::<CircuitConflict>();
    error::<CallError<CircuitOpenError>>();

    let breaker = CircuitBreaker::builder("sends").build().unwrap();
    sends(breaker.call(|| async { Ok::<_, ConfigError>(()) }));
    sends(RetryPolicy::default().call(|| async { Ok::<_, ConfigError>(()) }));
}
