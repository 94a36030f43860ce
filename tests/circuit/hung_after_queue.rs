//! Tests the time of `hung_after` if a call waits before its body starts, for example in the queue of a bulkhead.

use std::future::pending;
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CircuitBreaker, CircuitBuilder, RateLimit, bulkhead, circuit, get_circuit, hedge, rate_limit, retry,
    timeout,
};
use support::{Error, seconds};
use tokio::time::{sleep, timeout as cut};
use tracing::subscriber::with_default;

const SECOND: Duration = Duration::from_secs(1);

fn builder() -> CircuitBuilder {
    CircuitBreaker::builder("hung_after_queue").threshold(3).hung_after(SECOND)
}

#[circuit(name = "hung::queue", threshold = 9, hung_after = 1)]
#[bulkhead(max = 1, wait = 100)]
async fn waits_for_slot() -> Result<(), Error> {
    pending().await
}

#[test]
fn subscriber_does_not_change_time_of_hung_after() {
    let run = || {
        support::paused_runtime().block_on(async {
            let mut holds_slot = Box::pin(waits_for_slot());
            assert!(cut(Duration::ZERO, &mut holds_slot).await.is_err());
            assert!(cut(5 * SECOND, waits_for_slot()).await.is_err());
            get_circuit("hung::queue").unwrap().stats().total_failed
        })
    };
    assert_eq!(run(), 0, "the body of the cancelled call did not run");
    // At its end, the first `run` dropped the call `holds_slot`, whose body had run for 5 s. This call counted as one
    // failure. The second `run` must add no failure before it reads `total_failed`.
    let failed = with_default(tracing_subscriber::registry(), run);
    assert_eq!(failed, 1, "a subscriber of DEBUG events makes no difference");
}

#[circuit(name = "hung::queue_durations", threshold = 9, hung_after = 1, durations = true)]
#[bulkhead(max = 1, wait = 100)]
async fn waits_with_durations() -> Result<(), Error> {
    pending().await
}

#[circuit(
    name = "hung::queue_slow",
    calls = 9,
    min_calls = 9,
    failure_rate = 1.0,
    slow_call = 60,
    slow_rate = 1.0,
    hung_after = 1
)]
#[bulkhead(max = 1, wait = 100)]
async fn waits_with_slow_calls() -> Result<(), Error> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn options_that_time_calls_do_not_change_time_of_hung_after() {
    type Call = std::pin::Pin<Box<dyn Future<Output = Result<(), Error>>>>;
    type Start = fn() -> Call;
    let calls: [(&str, Start); 2] = [
        ("hung::queue_durations", || Box::pin(waits_with_durations())),
        ("hung::queue_slow", || Box::pin(waits_with_slow_calls())),
    ];
    for (name, call) in calls {
        let ends = || {
            let stats = get_circuit(name).unwrap().stats();
            (stats.total_cancelled, stats.total_failed)
        };
        let mut holds_slot = call();
        assert!(cut(Duration::ZERO, &mut holds_slot).await.is_err());
        assert!(cut(5 * SECOND, call()).await.is_err());
        assert_eq!(ends(), (1, 0), "{name}: the body of the cancelled call did not run");
        for (time, cancelled, failed) in [(Duration::from_millis(999), 2, 0), (SECOND, 2, 1)] {
            let mut queued = call();
            assert!(cut(7 * SECOND, &mut queued).await.is_err());
            drop(std::mem::replace(&mut holds_slot, queued));
            // `failures` includes the call that was just dropped, because its body ran for longer than `hung_after`.
            let (_, failures) = ends();
            assert!(cut(time, &mut holds_slot).await.is_err());
            drop(std::mem::replace(&mut holds_slot, call()));
            assert!(cut(Duration::ZERO, &mut holds_slot).await.is_err());
            assert_eq!((ends().0, ends().1 - failures), (cancelled, failed), "{name}: the body ran for {time:?}");
        }
    }
}

#[circuit(with = breaker)]
#[bulkhead(with = slots)]
async fn hangs_after_queue(breaker: &CircuitBreaker, slots: &Bulkhead) -> Result<(), Error> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn long_queue_before_body_does_not_count() {
    for queue in [40_700, 90_900, 1_000_900].map(Duration::from_millis) {
        // The circuit measures the time of each call, because it counts slow calls.
        let timed =
            CircuitBreaker::builder("hung::slow").calls(10).min_calls(10).slow_call(seconds(10_000)).slow_rate(1.0);
        let breaker = timed.hung_after(SECOND).build().unwrap();
        for (time, failed) in [(SECOND / 3, 0), (SECOND * 5 / 3, 1)] {
            let bulkhead = Bulkhead::builder("hung::queue", 1).wait(seconds(10_000)).build().unwrap();
            let slot = bulkhead.try_acquire_owned().unwrap();
            tokio::spawn(async move {
                sleep(queue).await;
                drop(slot);
            });
            assert!(cut(queue + time, hangs_after_queue(&breaker, &bulkhead)).await.is_err());
            let stats = breaker.stats();
            assert_eq!((stats.total_cancelled, stats.total_failed), (1, failed), "{queue:?}, {time:?}");
        }
    }
}

#[circuit(with = breaker)]
#[hedge(after = 60)]
#[bulkhead(with = slots)]
async fn hangs_below_hedge_and_queue(breaker: &CircuitBreaker, slots: &Bulkhead) -> Result<(), Error> {
    pending().await
}

#[circuit(with = breaker, failure_if_ok = |()| true)]
#[timeout(600)]
#[retry(max = 2, delay = 60)]
#[hedge(after = 40)]
#[rate_limit(with = rate)]
async fn hangs_below_hedge_and_rate(breaker: &CircuitBreaker, rate: &RateLimit) -> Result<(), Error> {
    pending().await
}

#[circuit(with = breaker)]
#[hedge(after = 60)]
#[retry(max = 2, delay = 60)]
async fn fails_below_hedge_and_retry(breaker: &CircuitBreaker) -> Result<(), Error> {
    Err(Error::Down)
}

#[circuit(with = upper)]
#[hedge(after = 60)]
#[circuit(with = middle)]
#[hedge(after = 2)]
#[circuit(with = lower)]
#[bulkhead(with = slots)]
async fn hangs_below_two_hedges(
    upper: &CircuitBreaker,
    middle: &CircuitBreaker,
    lower: &CircuitBreaker,
    slots: &Bulkhead,
) -> Result<(), Error> {
    pending().await
}

fn cancelled_and_failed(breaker: &CircuitBreaker) -> (u64, u64) {
    let stats = breaker.stats();
    (stats.total_cancelled, stats.total_failed)
}

/// Returns a bulkhead whose only slot becomes free after 10 s.
fn full_for_ten_seconds() -> Bulkhead {
    let slots = Bulkhead::builder("hung::below_hedge", 1).wait(seconds(100)).build().unwrap();
    let slot = slots.try_acquire_owned().unwrap();
    tokio::spawn(async move {
        sleep(10 * SECOND).await;
        drop(slot);
    });
    slots
}

#[tokio::test(start_paused = true)]
async fn wait_below_hedge_before_body_does_not_count() {
    for (time, ended) in [(5_000, (1, 0)), (10_999, (1, 0)), (11_000, (0, 1))] {
        let (breaker, slots) = (builder().build().unwrap(), full_for_ten_seconds());
        let call = hangs_below_hedge_and_queue(&breaker, &slots);
        assert!(cut(Duration::from_millis(time), call).await.is_err());
        assert_eq!(cancelled_and_failed(&breaker), ended, "queue, {time} ms");
    }
    for (time, ended) in [(5_000, (1, 0)), (10_999, (1, 0)), (11_000, (0, 1))] {
        let rate = RateLimit::per("hung::below_hedge", 1, 10 * SECOND).burst(1).wait(seconds(100));
        let (breaker, rate) = (builder().build().unwrap(), rate.build().unwrap());
        rate.try_acquire().unwrap();
        let call = hangs_below_hedge_and_rate(&breaker, &rate);
        assert!(cut(Duration::from_millis(time), call).await.is_err());
        assert_eq!(cancelled_and_failed(&breaker), ended, "rate, {time} ms");
    }
    let breaker = builder().build().unwrap();
    assert!(cut(5 * SECOND, fails_below_hedge_and_retry(&breaker)).await.is_err());
    assert_eq!(cancelled_and_failed(&breaker), (1, 0), "the body never waited");
}

#[tokio::test(start_paused = true)]
async fn each_circuit_above_hedge_times_body() {
    for (time, ended, of_lower) in [(5_000, (1, 0), (2, 0)), (10_999, (1, 0), (2, 0)), (11_000, (0, 1), (1, 1))] {
        let [upper, middle, lower] = [(); 3].map(|()| builder().build().unwrap());
        let slots = full_for_ten_seconds();
        let call = hangs_below_two_hedges(&upper, &middle, &lower, &slots);
        assert!(cut(Duration::from_millis(time), call).await.is_err());
        let ends = [&upper, &middle, &lower].map(cancelled_and_failed);
        assert_eq!(ends, [ended, ended, of_lower], "{time} ms");
    }
}

#[circuit(name = "hung::long_queue", threshold = 1, hung_after = "200ms", durations = true)]
#[rate_limit(name = "hung::long_queue", limit = 1, per = "10m", wait = "20m")]
async fn waits_for_minutes(time: Duration) -> Result<(), Error> {
    sleep(time).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn call_that_runs_briefly_after_a_long_queue_has_not_hung() {
    for offset in (0..600).step_by(7).map(Duration::from_millis) {
        waits_for_minutes(Duration::ZERO).await.unwrap();
        tokio::time::advance(offset).await;
        let queue = (600 * SECOND).saturating_sub(offset);
        let queued = waits_for_minutes(SECOND);
        assert!(cut(queue + Duration::from_millis(20), queued).await.is_err(), "the call ran for 20 ms");
        let circuit = get_circuit("hung::long_queue").unwrap();
        assert_eq!(circuit.stats().total_failed, 0, "{offset:?}");
        tokio::time::advance(1_200 * SECOND).await;
    }
    waits_for_minutes(Duration::ZERO).await.unwrap();
    let queued = waits_for_minutes(SECOND);
    assert!(cut(600 * SECOND + Duration::from_millis(600), queued).await.is_err(), "the call ran for 600 ms");
    assert_eq!(get_circuit("hung::long_queue").unwrap().stats().total_failed, 1);
}
