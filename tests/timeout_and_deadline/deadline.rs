//! Tests `deadline`, which sets a time limit for the retries, hedges, bulkheads, rate limits and timeouts inside a
//! future.

use std::cell::Cell;
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CallError, CircuitBreaker, CircuitState, RateLimit, Rejection, RetryPolicy, Timeout, TimeoutError,
    bulkhead, circuit, deadline, deadline_remaining, get_circuit, hedge, rate_limit, retry, timeout,
};
use support::{Error, assert_send, fail, seconds};
use tokio::time::{Instant, advance, sleep};

#[retry(max = 9, delay = 1)]
async fn ask(calls: &Cell<u32>, takes: Duration) -> Result<(), u32> {
    sleep(takes).await;
    fail(calls)
}

#[tokio::test(start_paused = true)]
async fn retry_begins_no_pause_beyond_deadline() {
    for (time, attempts, end) in [(0, 1, 0), (1, 1, 0), (2, 2, 1), (3, 2, 1), (4, 3, 3), (7, 3, 3), (8, 4, 7)] {
        let (begin, calls) = (Instant::now(), Cell::new(0));
        assert_eq!(deadline(seconds(time), ask(&calls, Duration::ZERO)).await, Err(attempts), "{time} s");
        assert_eq!(begin.elapsed().as_secs(), end, "{time} s");
    }
    let policy = RetryPolicy::default();
    let calls = Cell::new(0);
    assert_eq!(
        deadline(seconds(2), policy.call(async || fail(&calls))).await,
        Err(2),
        "a policy respects the deadline, too"
    );
}

#[tokio::test(start_paused = true)]
async fn retry_without_pause_begins_no_attempt_after_deadline() {
    let policy = RetryPolicy::builder().max(100).delay(Duration::ZERO).build().unwrap();
    let calls = Cell::new(0);
    let call = policy.call(async || {
        sleep(seconds(1)).await;
        fail(&calls)
    });
    assert_eq!(deadline(Duration::from_millis(2500), call).await, Err(3));
}

#[tokio::test(start_paused = true)]
async fn deadline_does_not_end_a_running_call() {
    let begin = Instant::now();
    let slow = async {
        sleep(seconds(9)).await;
        deadline_remaining()
    };
    assert_eq!(deadline(seconds(1), slow).await, Some(Duration::ZERO));
    assert_eq!(begin.elapsed(), seconds(9));
    let calls = Cell::new(0);
    assert_eq!(deadline(Duration::ZERO, ask(&calls, Duration::ZERO)).await, Err(1), "there is always a first attempt");
}

#[tokio::test(start_paused = true)]
async fn timeout_after_deadline_reaches_no_layer_below() {
    struct Layers {
        circuit: CircuitBreaker,
        slots: Bulkhead,
        rate: RateLimit,
    }

    #[timeout(5)]
    #[circuit(with = layers.circuit)]
    #[bulkhead(with = layers.slots)]
    #[rate_limit(with = layers.rate)]
    async fn ask(layers: &Layers) -> Result<(), Error> {
        Ok(())
    }

    let circuit = CircuitBreaker::builder("circuit").threshold(1).cooldown(Duration::ZERO).build().unwrap();
    circuit.try_acquire().unwrap().failure();
    let layers = Layers {
        circuit,
        slots: Bulkhead::builder("slots", 1).build().unwrap(),
        rate: RateLimit::builder("rate", 1).build().unwrap(),
    };
    assert!(matches!(deadline(Duration::ZERO, ask(&layers)).await, Err(Error::Timeout(_))));
    assert_eq!(layers.circuit.stats().total_cancelled, 0);
    assert_eq!(layers.slots.stats().total_admitted, 0);
    assert_eq!(layers.rate.stats().total_admitted, 0);
    assert!(ask(&layers).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn earliest_deadline_applies_inside_its_future_only() {
    let within = async {
        let later = deadline(seconds(9), async { deadline_remaining() }).await;
        let earlier = deadline(seconds(2), async { deadline_remaining() }).await;
        (later, earlier, deadline_remaining())
    };
    assert_eq!(deadline(seconds(5), within).await, (Some(seconds(5)), Some(seconds(2)), Some(seconds(5))));
    assert_eq!(deadline_remaining(), None);

    let (left, right) =
        tokio::join!(deadline(seconds(5), async { deadline_remaining() }), async { deadline_remaining() });
    assert_eq!((left, right), (Some(seconds(5)), None), "a future that is polled beside it has none");

    let early = deadline(seconds(5), async { deadline_remaining() });
    advance(seconds(2)).await;
    assert_eq!(early.await, Some(seconds(3)), "the time counts from the call of `deadline`");
    assert!(deadline(Duration::MAX, async { deadline_remaining().unwrap() > seconds(1 << 32) }).await);
}

#[tokio::test]
async fn panic_leaves_no_deadline_behind() {
    let panics = tokio::task::LocalSet::new();
    let here = async {
        let panics = tokio::task::spawn_local(deadline(seconds(5), async { panic!("on purpose") }));
        assert!(panics.await.is_err());
        deadline_remaining()
    };
    assert_eq!(panics.run_until(here).await, None);
}

#[tokio::test]
async fn deadline_moves_between_threads_with_its_future() {
    let call = assert_send(deadline(seconds(60), async {
        tokio::task::yield_now().await;
        deadline_remaining()
    }));
    assert!(tokio::spawn(call).await.unwrap().is_some());
}

async fn hang() -> Result<u32, Error> {
    sleep(seconds(60)).await;
    Ok(1)
}

#[circuit(name = "deadline::asked", threshold = 1)]
#[timeout(5)]
async fn asked() -> Result<u32, Error> {
    hang().await
}

#[tokio::test(start_paused = true)]
async fn circuit_above_ignores_timeout_at_deadline() {
    let policy = Timeout::new(seconds(5)).unwrap();
    for (time, allowed) in [(0, 0), (2, 2), (5, 5), (9, 5)] {
        let begin = Instant::now();
        let ended = deadline(seconds(time), policy.call(hang)).await;
        let Err(CallError::Rejected(Rejection::Timeout(error))) = ended else { panic!() };
        assert_eq!((error.after(), error.by_deadline()), (seconds(allowed), allowed < 5), "{time} s");
        assert_eq!(begin.elapsed(), seconds(allowed), "{time} s");
    }
    let begin = Instant::now();
    let error = deadline(seconds(2), asked()).await.unwrap_err();
    assert_eq!(begin.elapsed(), seconds(2));
    assert_eq!(error.to_string(), "timed out after 2s, at the deadline");
    let stats = get_circuit("deadline::asked").unwrap().stats();
    assert_eq!((stats.total_ignored, stats.total_failed), (1, 0));
    assert_eq!(asked().await.unwrap_err().to_string(), "timed out after 5s");
    assert_eq!(get_circuit("deadline::asked").unwrap().state(), CircuitState::Open);
}

#[circuit(name = "deadline::too_late", threshold = 1)]
#[timeout(5)]
async fn too_late() -> Result<u32, Error> {
    panic!("begun without time")
}

#[tokio::test(start_paused = true)]
async fn timeout_begins_no_call_after_deadline() {
    let error = deadline(Duration::ZERO, too_late()).await.unwrap_err();
    assert_eq!(error.to_string(), "timed out after 0ns, at the deadline");
    assert_eq!(get_circuit("deadline::too_late").unwrap().stats().total_ignored, 1);
    let policy = Timeout::new(seconds(5)).unwrap();
    let error = deadline(Duration::ZERO, policy.call(|| async { panic!("begun without time") })).await;
    let Err::<u32, CallError<Error>>(CallError::Rejected(rejection)) = error else { panic!() };
    assert!(!rejection.was_called() && rejection.to_string().ends_with(", at the deadline"));
    let ready = deadline(Duration::from_nanos(8), policy.call(|| async { Ok::<_, Error>(7) }));
    assert_eq!(ready.await, Ok(7), "a body that is ready in time");
}

#[bulkhead(max = 1, wait = 5)]
async fn one_by_one() -> Result<u32, Error> {
    hang().await
}

#[tokio::test(start_paused = true)]
async fn bulkhead_queue_ends_at_deadline() {
    let bulkhead = Bulkhead::builder("deadline", 1).wait(seconds(5)).build().unwrap();
    let slot = bulkhead.acquire().await.unwrap();
    for (time, waited) in [(0, 0), (2, 2), (9, 5)] {
        let begin = Instant::now();
        assert!(deadline(seconds(time), bulkhead.acquire()).await.is_err());
        assert_eq!(begin.elapsed(), seconds(waited), "{time} s");
    }
    drop(slot);
    assert!(deadline(Duration::ZERO, bulkhead.acquire()).await.is_ok(), "a free permit needs no time");

    let begin = Instant::now();
    let late = async {
        sleep(seconds(1)).await;
        deadline(seconds(2), one_by_one()).await
    };
    let (_, late) = tokio::join!(tokio::time::timeout(seconds(9), one_by_one()), async {
        let error = late.await.unwrap_err();
        (error, begin.elapsed())
    });
    assert!(matches!(late, (Error::Full(_), at) if at == seconds(3)), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn bulkhead_wait_ends_at_earliest_deadline_or_cancellation() {
    let bulkhead = Bulkhead::builder("left", 1).wait(seconds(9)).build().unwrap();
    let slot = bulkhead.acquire().await.unwrap();
    let begin = Instant::now();
    assert!(deadline(seconds(3), deadline(seconds(2), bulkhead.acquire())).await.is_err());
    assert_eq!(begin.elapsed(), seconds(2));
    let waits = deadline(seconds(3), bulkhead.acquire());
    assert!(tokio::time::timeout(seconds(1), waits).await.is_err());
    assert_eq!(
        (bulkhead.stats().waiting, bulkhead.stats().total_rejected),
        (0, 1),
        "a cancelled wait is not a rejection"
    );
    let freed = async {
        sleep(seconds(2)).await;
        drop(slot);
    };
    let (admitted, ()) = tokio::join!(deadline(seconds(3), bulkhead.acquire()), freed);
    assert!(admitted.is_ok(), "the permit was free before the deadline");

    let hurried = Bulkhead::builder("hurried", 1).build().unwrap();
    let _slot = hurried.try_acquire().unwrap();
    let begin = Instant::now();
    assert!(deadline(seconds(3), hurried.acquire()).await.is_err());
    assert_eq!(begin.elapsed(), Duration::ZERO, "without `wait` no call waits");
}

#[retry(max = 9, delay = 0)]
#[timeout(2)]
async fn hangs(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    hang().await
}

#[tokio::test(start_paused = true)]
async fn timeout_at_deadline_ends_retry() {
    let (begin, calls) = (Instant::now(), Cell::new(0));
    let Err(Error::Timeout(error)) = deadline(seconds(5), hangs(&calls)).await else { panic!("not ended") };
    assert_eq!((error.after(), error.by_deadline()), (seconds(1), true), "the rest of the time");
    assert_eq!((begin.elapsed(), calls.get()), (seconds(5), 3));

    let nested = deadline(seconds(9), deadline(seconds(1), hangs(&calls)));
    assert!(matches!(nested.await, Err(Error::Timeout(error)) if error.after() == seconds(1)));
}

#[hedge(after = 2, max = 3)]
async fn begun(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    hang().await
}

#[tokio::test(start_paused = true)]
async fn hedge_begins_no_attempt_after_deadline() {
    for (time, attempts) in [(0, 1), (2, 1), (3, 2), (4, 2), (5, 3), (99, 3)] {
        let calls = Cell::new(0);
        assert_eq!(deadline(seconds(time), begun(&calls)).await, Ok(1), "a running attempt continues");
        assert_eq!(calls.get(), attempts, "{time} s");
    }
}

#[hedge(after = 1, max = 2)]
async fn hedged(calls: &Cell<u32>) -> Result<(), TimeoutError> {
    calls.set(calls.get() + 1);
    sleep(seconds(10)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn hedge_polled_late_begins_no_attempt_after_deadline() {
    let calls = Cell::new(0);
    let call = deadline(Duration::from_millis(1500), hedged(&calls));
    let (_, ()) = tokio::join!(call, tokio::time::advance(seconds(3)));
    assert_eq!(calls.get(), 1);
}

#[test]
fn deadline_reads_the_clock_of_its_caller() {
    let runtime = support::paused_runtime();
    runtime.block_on(advance(seconds(3600)));
    let remaining = |outside| {
        let left = async { deadline_remaining() };
        if outside {
            return runtime.block_on(deadline(seconds(5), left));
        }
        runtime.block_on(async { deadline(seconds(5), left).await })
    };
    assert_eq!(remaining(true), Some(Duration::ZERO), "the real clock is an hour behind");
    assert_eq!(remaining(false), Some(seconds(5)));
}
