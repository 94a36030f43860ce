//! Tests calls that hang until the caller drops the call, or until a deadline ends the call. With the option
//! `hung_after`, a circuit counts a hanging call as a failure.

use std::future::pending;
use std::time::Duration;

use resilience_runtime::{
    CallError, CircuitBreaker, CircuitBuilder, CircuitState, Classifier, Rejection, Timeout, circuit, deadline,
    get_circuit, hedge, timeout,
};
use support::{Error, seconds};
use tokio::spawn;
use tokio::task::JoinHandle;
use tokio::time::{advance, sleep, timeout as cut};

const SECOND: Duration = Duration::from_secs(1);

fn builder() -> CircuitBuilder {
    CircuitBreaker::builder("hung").threshold(3).hung_after(SECOND)
}

#[circuit(name = "hung::attribute", threshold = 3, hung_after = 1)]
async fn hangs(time: Duration) -> Result<(), Error> {
    sleep(time).await;
    Ok(())
}

#[circuit(name = "hung::keyed", key = key, threshold = 3, hung_after = 1)]
async fn hangs_with_key(key: u32) -> Result<(), Error> {
    sleep(seconds(60 + u64::from(key))).await;
    Ok(())
}

#[circuit(with = breaker)]
async fn hangs_with(breaker: &CircuitBreaker) -> Result<(), Error> {
    pending().await
}

#[circuit(name = "hung::timeout", threshold = 3, hung_after = 1)]
#[timeout(5)]
async fn hangs_below_timeout() -> Result<(), Error> {
    pending().await
}

#[circuit(name = "hung::neutral", threshold = 3)]
#[timeout(5)]
async fn hangs_without_option() -> Result<(), Error> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn cancelled_call_that_hung_is_a_failure() {
    let breaker = get_circuit("hung::attribute").unwrap();
    for _ in 0..9 {
        assert!(cut(Duration::from_millis(999), hangs(9 * SECOND)).await.is_err());
    }
    let stats = breaker.stats();
    assert_eq!(
        (stats.state, stats.total_cancelled, stats.total_failed),
        (CircuitState::Closed, 9, 0),
        "sooner: neutral"
    );
    for _ in 0..3 {
        assert!(cut(SECOND, hangs(9 * SECOND)).await.is_err());
    }
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.total_cancelled, stats.total_failed), (CircuitState::Open, 9, 3));
}

#[tokio::test(start_paused = true)]
async fn cancelled_call_that_hung_fails_the_trial() {
    let breaker = builder().cooldown(SECOND).build().unwrap();
    breaker.trip();
    advance(SECOND).await;
    assert!(cut(2 * SECOND, breaker.call(pending::<Result<(), Error>>)).await.is_err());
    assert_eq!((breaker.state(), breaker.stats().total_opened), (CircuitState::Open, 2));
    advance(SECOND).await;
    assert!(cut(SECOND / 2, breaker.call(pending::<Result<(), Error>>)).await.is_err());
    assert_eq!(breaker.state(), CircuitState::HalfOpen, "a trial that was cancelled sooner");
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_call_can_hang() {
    let own = builder().build().unwrap();
    let keyed = || get_circuit("hung::keyed[7]").unwrap();
    for _ in 0..3 {
        let _ = cut(SECOND, own.call(pending::<Result<(), Error>>)).await;
        let _ = cut(SECOND, hangs_with_key(7)).await;
    }
    assert_eq!((own.state(), keyed().state()), (CircuitState::Open, CircuitState::Open));
    let held = builder().build().unwrap();
    for _ in 0..3 {
        let _ = cut(SECOND, hangs_with(&held)).await;
    }
    assert_eq!(held.state(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn permit_hangs_from_its_acquisition() {
    let breaker = builder().build().unwrap();
    for time in [SECOND.saturating_sub(Duration::from_nanos(8)), SECOND] {
        let (permit, owned) = (breaker.try_acquire().unwrap(), breaker.try_acquire_owned().unwrap());
        advance(time).await;
        drop(permit);
        drop(owned);
    }
    let stats = breaker.stats();
    assert_eq!((stats.total_cancelled, stats.total_failed), (2, 2));
    let permit = breaker.try_acquire().unwrap();
    advance(SECOND).await;
    permit.ignore();
    assert_eq!(breaker.stats().total_ignored, 1, "the caller has decided");
}

#[tokio::test(start_paused = true)]
async fn deadline_after_hang_is_a_failure() {
    for _ in 0..9 {
        assert!(deadline(SECOND / 2, hangs_below_timeout()).await.is_err());
    }
    let breaker = get_circuit("hung::timeout").unwrap();
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.total_ignored, stats.total_failed), (CircuitState::Closed, 9, 0));
    for _ in 0..3 {
        assert!(deadline(SECOND, hangs_below_timeout()).await.is_err());
    }
    assert_eq!((breaker.state(), breaker.stats().total_failed), (CircuitState::Open, 3));
}

#[tokio::test(start_paused = true)]
async fn hang_without_option_stays_neutral() {
    for _ in 0..100 {
        assert!(deadline(SECOND, hangs_without_option()).await.is_err());
        assert!(cut(SECOND, hangs_without_option()).await.is_err());
    }
    let stats = get_circuit("hung::neutral").unwrap().stats();
    assert_eq!((stats.state, stats.total_ignored, stats.total_cancelled), (CircuitState::Closed, 100, 100));
}

#[hedge(after = 2)]
#[circuit(name = "hung::hedged", threshold = 9, hung_after = 1)]
async fn hedged() -> Result<(), Error> {
    sleep(3 * SECOND).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn loser_of_hedge_that_hung_is_a_failure() {
    hedged().await.unwrap();
    let stats = get_circuit("hung::hedged").unwrap().stats();
    assert_eq!((stats.total_succeeded, stats.total_failed, stats.total_cancelled), (1, 1, 0));
}

#[circuit(name = "hung::late", threshold = 9, hung_after = 1)]
async fn asks_after_deadline(time: Duration) -> Result<(), Error> {
    sleep(time).await;
    second_step().await
}

#[timeout(50)]
async fn second_step() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn body_that_hung_before_its_next_call_is_a_failure() {
    let breaker = get_circuit("hung::late").unwrap();
    let millis = Duration::from_millis;
    for (time, failed, ignored) in [(millis(999), 0, 1), (SECOND, 1, 1)] {
        assert!(deadline(millis(500), asks_after_deadline(time)).await.is_err());
        assert_eq!((breaker.stats().total_failed, breaker.stats().total_ignored), (failed, ignored), "{time:?}");
    }
}

/// An error that contains a `Rejection`, but does not give access to the `Rejection`.
struct Hides(#[expect(dead_code, reason = "the error exists until the end of the call")] Rejection);

impl From<Rejection> for Hides {
    fn from(rejection: Rejection) -> Self {
        Self(rejection)
    }
}

#[circuit(name = "hung::late_hidden", threshold = 9, hung_after = 1)]
async fn hides_deadline(time: Duration, timeout: &Timeout) -> Result<(), Hides> {
    sleep(time).await;
    timeout.call(|| async { Ok(()) }).await.map_err(CallError::into_error)
}

#[tokio::test(start_paused = true)]
async fn hidden_deadline_after_hang_is_a_failure() {
    let timeout = Timeout::new(5 * SECOND).unwrap();
    let attribute = get_circuit("hung::late_hidden").unwrap();
    let method = CircuitBreaker::builder("hung").hung_after(SECOND).threshold(9).build().unwrap();
    let millis = Duration::from_millis;
    for (time, failed, ignored) in [(millis(999), 0, 1), (SECOND, 1, 1)] {
        assert!(deadline(millis(500), hides_deadline(time, &timeout)).await.is_err());
        let hides = || async {
            sleep(time).await;
            timeout.call(|| async { Ok::<(), Hides>(()) }).await
        };
        assert!(deadline(millis(500), method.call(hides)).await.is_err());
        for breaker in [&attribute, &method] {
            let stats = breaker.stats();
            assert_eq!((stats.total_failed, stats.total_ignored), (failed, ignored), "{}, {time:?}", stats.name);
        }
    }
}

#[circuit(with = breaker, failure_if = |_| panic!("in the rule"))]
async fn fails_with_panic_of_rule(breaker: CircuitBreaker) -> Result<(), Error> {
    sleep(seconds(5)).await;
    Err(Error::Down)
}

#[circuit(with = breaker, failure_if_ok = |()| panic!("in the rule"))]
async fn succeeds_with_panic_of_rule(breaker: CircuitBreaker) -> Result<(), Error> {
    sleep(seconds(5)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn panic_of_rule_after_a_long_body_counts_as_cancelled() {
    let breaker = CircuitBreaker::builder("hung").threshold(1).hung_after(SECOND).build().unwrap();
    let panic_of = |_: &Error| -> bool { panic!("in the rule") };
    let classifier = Classifier::builder().failure_if(panic_of).build().unwrap();
    let cancelled = async |call: JoinHandle<()>, expected: u64| {
        assert!(call.await.unwrap_err().is_panic());
        assert_eq!((breaker.stats().total_cancelled, breaker.stats().total_failed), (expected, 0));
    };
    let owned = breaker.clone();
    cancelled(spawn(async { drop(fails_with_panic_of_rule(owned).await) }), 1).await;
    let owned = breaker.clone();
    cancelled(spawn(async { drop(succeeds_with_panic_of_rule(owned).await) }), 2).await;
    let (owned, rules) = (breaker.clone(), classifier.clone());
    let body = async || {
        sleep(seconds(5)).await;
        Err::<(), _>(Error::Down)
    };
    cancelled(spawn(async move { drop(owned.call_with(&rules, body).await) }), 3).await;
    let (owned, rules) = (breaker.clone(), classifier.clone());
    let settled = async move {
        let permit = owned.try_acquire().unwrap();
        sleep(seconds(5)).await;
        permit.settle(&rules, &Err::<(), _>(Error::Down));
    };
    cancelled(spawn(settled), 4).await;
    let items = async || {
        sleep(seconds(5)).await;
        Err::<(), _>(Error::Down)
    };
    let (owned, rules) = (breaker.clone(), classifier);
    let watched = async move {
        let stream = owned.watch_with(&rules, || futures_util::stream::once(items())).unwrap();
        _ = futures_util::StreamExt::collect::<Vec<_>>(stream).await;
    };
    cancelled(spawn(watched), 5).await;
}
