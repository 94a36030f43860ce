//! Tests `limit`, `per`, `wait` and `max_queue` of `#[rate_limit]`, and the quota that a service reports.

use std::cell::RefCell;
use std::future::Future;
use std::time::Duration;

use futures_util::future::join_all;
use resilience_runtime::{CallError, RateLimit, RateLimitedError, deadline, rate_limit, timeout};
use support::Error;
use tokio::task::{JoinSet, LocalSet, spawn_local, yield_now};
use tokio::time::{Instant, advance, sleep};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

async fn in_a_local_set<T>(test: impl Future<Output = T>) -> T {
    LocalSet::new().run_until(test).await
}

#[rate_limit(limit = 60, per = "1m")]
async fn minutely() -> Result<(), RateLimitedError> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn first_minute_keeps_the_quota() {
    let mut admitted = 0;
    for _ in 0..240 {
        admitted += u32::from(minutely().await.is_ok());
        sleep(SECOND / 4).await;
    }
    assert_eq!(admitted, 60);
}

#[tokio::test(start_paused = true)]
async fn burst_for_two_milliseconds_keeps_the_rate_in_spite_of_late_timers() {
    for (rate, burst) in [(667, 3), (1_500, 4), (10_000, 21)] {
        let limit = RateLimit::builder("rate_wait::late", rate).burst(burst).build().unwrap();
        (0..burst).for_each(|_| limit.try_acquire().unwrap());
        let begin = Instant::now();
        join_all((0..1_000).map(|_| limit.until_ready())).await;
        let right = SECOND * 1_000 / rate;
        assert!(begin.elapsed() <= right + Duration::from_millis(2), "{rate}: {:?} for {right:?}", begin.elapsed());
    }
}

#[rate_limit(limit = 5, per = 0.5)]
async fn five_in_half_a_second() -> Result<(), RateLimitedError> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn short_period_has_a_burst_of_its_limit() {
    for _ in 0..5 {
        five_in_half_a_second().await.unwrap();
    }
    let limited = five_in_half_a_second().await.unwrap_err();
    assert_eq!(limited.retry_after(), Some(SECOND / 10));
}

const LIMIT: u32 = 2;
const DAY: Duration = Duration::from_secs(86_400);

#[rate_limit(limit = LIMIT, per = DAY, burst = LIMIT)]
async fn daily() -> Result<(), RateLimitedError> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn rate_may_be_below_one_a_second() {
    daily().await.unwrap();
    daily().await.unwrap();
    assert_eq!(daily().await.unwrap_err().retry_after(), Some(DAY / 2));
    advance(DAY / 2).await;
    daily().await.unwrap();
}

#[rate_limit(limit = 60, per = "1m", burst = 1, wait = "2m")]
async fn paced(order: &RefCell<Vec<u32>>, call: u32) -> Result<(), RateLimitedError> {
    order.borrow_mut().push(call);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn waiting_calls_start_in_order_at_the_rate() {
    let (order, begin) = (RefCell::new(Vec::new()), Instant::now());
    let calls = async {
        tokio::join!(paced(&order, 0), paced(&order, 1), paced(&order, 2), async {
            paced(&order, 3).await.unwrap();
            assert_eq!(begin.elapsed(), 3 * SECOND);
        })
    };
    let (first, second, third, ()) = calls.await;
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    assert_eq!(*order.borrow(), [0, 1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn hundred_callers_are_served_in_ten_seconds() {
    let limit = RateLimit::builder("hundred", 10).burst(1).wait(10 * SECOND).build().unwrap();
    let (begin, mut callers) = (Instant::now(), JoinSet::new());
    for caller in 0..100 {
        let limit = limit.clone();
        callers.spawn(async move {
            limit.acquire().await.unwrap();
            (caller, begin.elapsed())
        });
    }
    let mut served = callers.join_all().await;
    served.sort_unstable();
    for (caller, at) in served {
        assert_eq!(at, caller * SECOND / 10);
    }
    assert_eq!((limit.stats().total_admitted, limit.stats().total_rejected), (100, 0));
}

#[tokio::test(start_paused = true)]
async fn call_that_cannot_start_in_time_is_rejected_at_once() {
    let limit = RateLimit::builder("too_long", 1).wait(2 * SECOND).build().unwrap();
    let begin = Instant::now();
    limit.acquire().await.unwrap();
    let (first, second, third) = tokio::join!(limit.acquire(), limit.acquire(), async {
        let limited = limit.acquire().await.unwrap_err();
        assert_eq!((limited.retry_after(), begin.elapsed()), (Some(3 * SECOND), Duration::ZERO));
        limit.stats().waiting
    });
    assert!(first.is_ok() && second.is_ok());
    assert_eq!((third, begin.elapsed(), limit.stats().waiting), (2, 2 * SECOND, 0));
}

#[tokio::test(start_paused = true)]
async fn call_beyond_max_queue_is_rejected() {
    let limit = RateLimit::builder("queue", 1).wait(MINUTE).max_queue(2).build().unwrap();
    let begin = Instant::now();
    limit.acquire().await.unwrap();
    let (first, second, third) = tokio::join!(limit.acquire(), limit.acquire(), limit.acquire());
    assert!(first.is_ok() && second.is_ok());
    assert_eq!((third.unwrap_err().retry_after(), begin.elapsed()), (Some(3 * SECOND), 2 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn call_without_wait_does_not_overtake_waiting_calls() {
    let limit = RateLimit::builder("overtake", 1).build().unwrap();
    limit.try_acquire().unwrap();
    in_a_local_set(async {
        let waiting = limit.clone();
        let waiting = spawn_local(async move { waiting.until_ready().await.map(|()| Instant::now()) });
        yield_now().await;
        let begin = Instant::now();
        assert_eq!(limit.try_acquire().unwrap_err().retry_after(), Some(2 * SECOND));
        assert_eq!(waiting.await.unwrap().unwrap() - begin, SECOND);
    })
    .await;
    assert_eq!(limit.stats().total_admitted, 2);
}

#[tokio::test(start_paused = true)]
async fn cancelled_call_gives_its_turn_to_the_next() {
    let limit = RateLimit::builder("cancelled", 1).wait(MINUTE).build().unwrap();
    limit.acquire().await.unwrap();
    in_a_local_set(async {
        let begin = Instant::now();
        let spawned = || {
            let limit = limit.clone();
            spawn_local(async move { limit.acquire().await.map(|()| begin.elapsed()) })
        };
        let (first, second, third) = (spawned(), spawned(), spawned());
        sleep(SECOND / 2).await;
        first.abort();
        assert!(first.await.unwrap_err().is_cancelled());
        assert_eq!(limit.stats().waiting, 2);
        assert_eq!(second.await.unwrap().unwrap(), SECOND);
        third.abort();
        assert!(third.await.unwrap_err().is_cancelled());
        assert_eq!((limit.stats().waiting, limit.stats().total_admitted), (0, 2));
        limit.acquire().await.unwrap();
        assert_eq!(begin.elapsed(), 2 * SECOND);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_call_no_longer_delays_later_calls() {
    let limit = RateLimit::builder("no_delay", 1).wait(MINUTE).build().unwrap();
    limit.acquire().await.unwrap();
    in_a_local_set(async {
        let spawned = || {
            let limit = limit.clone();
            spawn_local(async move { limit.acquire().await })
        };
        let (_waits, cancelled) = (spawned(), spawned());
        yield_now().await;
        assert_eq!(limit.try_acquire().unwrap_err().retry_after(), Some(3 * SECOND));
        cancelled.abort();
        assert!(cancelled.await.unwrap_err().is_cancelled());
        assert_eq!(limit.try_acquire().unwrap_err().retry_after(), Some(2 * SECOND));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn deadline_shortens_the_wait() {
    let limit = RateLimit::builder("deadline", 1).wait(MINUTE).build().unwrap();
    let begin = Instant::now();
    limit.acquire().await.unwrap();
    let limited = deadline(SECOND / 2, limit.acquire()).await.unwrap_err();
    assert_eq!((limited.retry_after(), begin.elapsed()), (Some(SECOND), Duration::ZERO));
    deadline(SECOND, limit.acquire()).await.unwrap();
    assert!(deadline(SECOND / 2, limit.until_ready()).await.is_err());
    assert_eq!(begin.elapsed(), SECOND);
}

#[timeout(1)]
#[rate_limit(with = limit)]
async fn below_a_timeout(limit: &RateLimit) -> Result<u64, Error> {
    Ok(limit.stats().total_admitted)
}

#[tokio::test(start_paused = true)]
async fn timeout_above_includes_the_wait() {
    let limit = RateLimit::per("timeout", 1, MINUTE).wait(MINUTE).build().unwrap();
    let begin = Instant::now();
    assert_eq!(below_a_timeout(&limit).await, Ok(1));
    assert!(below_a_timeout(&limit).await.is_err());
    assert_eq!((begin.elapsed(), limit.stats().waiting, limit.stats().total_admitted), (SECOND, 0, 1));
}

struct Client {
    wait: Duration,
}

impl Client {
    #[rate_limit(limit = 1, per = 60, wait = self.wait)]
    async fn ask(&self) -> Result<(), RateLimitedError> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn wait_may_be_an_expression() {
    let (impatient, patient) = (Client { wait: Duration::ZERO }, Client { wait: MINUTE });
    let begin = Instant::now();
    impatient.ask().await.unwrap();
    assert!(impatient.ask().await.is_err());
    patient.ask().await.unwrap();
    assert_eq!(begin.elapsed(), MINUTE);
}

#[tokio::test(start_paused = true)]
async fn method_call_waits_for_the_rate() {
    let limit = RateLimit::builder("call", 1).wait(SECOND).build().unwrap();
    let begin = Instant::now();
    for expected in 0..3 {
        let answer: Result<_, CallError<()>> = limit.call(|| async { Ok(begin.elapsed()) }).await;
        assert_eq!(answer, Ok(expected * SECOND));
    }
}

#[tokio::test(start_paused = true)]
async fn quota_of_service_slows_calls_down() {
    let limit = RateLimit::builder("quota", 100).wait(MINUTE).build().unwrap();
    limit.update(3, 10 * SECOND);
    let begin = Instant::now();
    for _ in 0..3 {
        limit.acquire().await.unwrap();
    }
    assert_eq!(limit.try_acquire().unwrap_err().retry_after(), Some(10 * SECOND));
    let (first, second) = tokio::join!(limit.acquire(), limit.acquire());
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(begin.elapsed(), 10 * SECOND);
    assert_eq!(limit.stats().total_admitted, 5);
}

#[tokio::test(start_paused = true)]
async fn quota_of_service_never_speeds_calls_up() {
    let limit = RateLimit::builder("no_faster", 1).build().unwrap();
    limit.try_acquire().unwrap();
    limit.update(1_000_000, SECOND * 3);
    assert_eq!(limit.try_acquire().unwrap_err().retry_after(), Some(SECOND));
    limit.update(0, SECOND);
    limit.update(1000, 2 * SECOND);
    advance(SECOND / 2).await;
    assert_eq!(limit.try_acquire().unwrap_err().retry_after(), Some(SECOND / 2));
    advance(SECOND / 2).await;
    limit.try_acquire().unwrap();
    assert_eq!(limit.try_acquire().unwrap_err().retry_after(), Some(SECOND), "the rate still applies");
}

#[tokio::test(start_paused = true)]
async fn each_quota_applies_until_its_own_reset() {
    let limit = RateLimit::builder("own_reset", 100).wait(MINUTE).build().unwrap();
    let wait = || limit.try_acquire().map_err(|limited| limited.retry_after().unwrap());
    limit.update(1, SECOND);
    limit.update(2, 10 * SECOND);
    limit.update(7, 10 * SECOND); // This quota comes from an older response, which arrives late.
    assert_eq!((wait(), wait()), (Ok(()), Err(SECOND)));
    advance(SECOND).await;
    assert_eq!((wait(), wait()), (Ok(()), Err(9 * SECOND)));
    limit.update(0, Duration::ZERO);
    limit.update(1, 5 * SECOND);
    assert_eq!(wait(), Err(9 * SECOND));
    advance(9 * SECOND).await;
    assert_eq!(wait(), Ok(()));
}

/// Simulates a service that admits 100 calls in 10 seconds. The service reports the remaining time of these 10 seconds,
/// rounded up to whole seconds.
#[tokio::test(start_paused = true)]
async fn overlapping_quotas_do_not_starve_steady_calls() {
    let limit = RateLimit::builder("steady", 9).burst(1).wait(MINUTE).build().unwrap();
    let (begin, mut window, mut calls) = (Instant::now(), 0, 0);
    while begin.elapsed() < MINUTE {
        limit.acquire().await.unwrap();
        let millis = begin.elapsed().as_millis();
        (window, calls) = if window == millis / 10_000 { (window, calls + 1) } else { (millis / 10_000, 1) };
        limit.update(100 - calls, Duration::from_secs(10 - u64::try_from(millis % 10_000 / 1_000).unwrap()));
    }
    assert!(limit.stats().total_admitted > 530, "{:?}", limit.stats());
}

#[tokio::test(start_paused = true)]
async fn many_quotas_admit_no_more_than_each_of_them() {
    let limit = RateLimit::builder("many_quotas", 1_000_000).build().unwrap();
    for report in 1..=100 {
        limit.update(report, report * SECOND);
    }
    for second in 1..=100 {
        let admitted = (0..100).filter(|_| limit.try_acquire().is_ok()).count();
        assert!(admitted <= 10, "{admitted} in second {second}");
        advance(SECOND).await;
    }
    assert!((90..=100).contains(&limit.stats().total_admitted), "{:?}", limit.stats());
}

#[tokio::test(start_paused = true)]
async fn reset_of_quota_is_bounded() {
    let limit = RateLimit::builder("bounded", 1).build().unwrap();
    limit.update(0, Duration::ZERO);
    limit.try_acquire().unwrap();
    limit.update(0, Duration::MAX);
    assert_eq!(limit.try_acquire().unwrap_err().retry_after(), Some(DAY));
    advance(DAY).await;
    assert!(limit.try_acquire().is_ok());
}

#[tokio::test(start_paused = true)]
async fn call_that_waits_for_turn_is_rejected_when_quota_exceeds_wait() {
    let limit = RateLimit::builder("late_quota", 1).wait(3 * SECOND).build().unwrap();
    limit.acquire().await.unwrap();
    let begin = Instant::now();
    let (first, second, ()) = tokio::join!(limit.acquire(), limit.acquire(), async {
        sleep(SECOND / 2).await;
        limit.update(0, MINUTE);
    });
    assert!(first.is_err() && second.is_err());
    assert!(begin.elapsed() <= 3 * SECOND, "{:?}", begin.elapsed());
    assert_eq!((limit.stats().waiting, limit.stats().total_rejected), (0, 2));
}

#[test]
fn invalid_setting_is_refused_by_name() {
    let error = |builder: resilience_runtime::RateLimitBuilder| builder.build().unwrap_err().to_string();
    let per = |limit, per| RateLimit::per("a", limit, per);
    assert_eq!(error(per(0, SECOND)), "`limit` is 0, but must be a whole number from 1 to 1000000");
    assert_eq!(error(per(1001, SECOND / 1000)), "`limit` is 1001, but must be a whole number from 1 to 1000");
    let of_period = "must be from 1 ms to 24 h";
    assert_eq!(error(per(1, Duration::from_nanos(1))), format!("`per` is 1ns, but {of_period}"));
    assert_eq!(error(per(1, 365 * DAY)), format!("`per` is 31536000s, but {of_period}"));
    assert_eq!(error(per(1, Duration::ZERO)), format!("`per` is 0s, but {of_period}"));
    assert!(error(per(1, DAY).burst(53_400)).contains("at most the calls of 146 years"));
    assert!(per(1, DAY).burst(53_000).build().is_ok());
    let queue = "must be a whole number from 1 to 1000000000";
    assert_eq!(error(per(1, DAY).max_queue(0)), format!("`max_queue` is 0, but {queue}"));
    assert_eq!(error(per(1, DAY).max_queue(u32::MAX)), format!("`max_queue` is 4294967295, but {queue}"));
    assert!(error(per(1, DAY).wait(Duration::MAX)).ends_with("but must be at most 584 years"));
}
