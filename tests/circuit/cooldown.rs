//! Tests the cooldown of an open circuit: its growth, its random part (jitter) and its limits. Also tests errors that
//! ask for a delay before the next call.

use std::cell::Cell;
use std::time::Duration;

use resilience_runtime::{CallError, CircuitBreaker, CircuitBuilder, CircuitState, Rejection, circuit, get_circuit};
use support::{Error, calls};
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn builder() -> CircuitBuilder {
    CircuitBreaker::builder("cooldown")
}

#[tokio::test(start_paused = true)]
async fn cooldown_grows_up_to_max_cooldown() {
    let builder = builder().threshold(1).cooldown(SECOND).cooldown_factor(3.0).max_cooldown(5 * SECOND);
    let breaker = builder.build().unwrap();
    for expected in [1, 3, 5, 5] {
        calls(&breaker, "x");
        assert_eq!(breaker.stats().cooldown_remaining, expected * SECOND);
        assert_eq!(breaker.try_acquire().unwrap_err().cooldown_remaining(), expected * SECOND);
        advance(expected * SECOND).await;
    }
    calls(&breaker, ".x");
    assert_eq!(breaker.stats().cooldown_remaining, SECOND, "the growth starts again when the circuit closes");
}

#[tokio::test(start_paused = true)]
async fn cooldown_without_max_cooldown_grows_to_one_hour() {
    let breaker = builder().threshold(1).cooldown(1800 * SECOND).cooldown_factor(3.0).build().unwrap();
    for expected in [1800, 3600, 3600] {
        calls(&breaker, "x");
        assert_eq!(breaker.stats().cooldown_remaining, expected * SECOND);
        advance(expected * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn cooldown_that_cannot_grow_stays_as_set() {
    // An `f64` cannot represent the duration `long` exactly, so a conversion to `f64` and back would change the
    // duration.
    let long = Duration::new(1 << 30, 8);
    let breaker = builder().threshold(1).cooldown(long).build().unwrap();
    calls(&breaker, "x");
    assert_eq!(breaker.stats().cooldown_remaining, long);

    let none = builder().threshold(1).cooldown(Duration::ZERO).cooldown_factor(f64::MAX).build().unwrap();
    calls(&none, "xxx");
    assert_eq!((none.state(), none.stats().total_opened), (CircuitState::HalfOpen, 3), "zero times infinity");
}

#[tokio::test(start_paused = true)]
async fn cooldown_jitter_never_shortens_cooldown() {
    let breaker = builder().threshold(1).cooldown(SECOND).cooldown_jitter(0.5).build().unwrap();
    let mut seen = Vec::new();
    for _ in 0..100 {
        calls(&breaker, "x");
        let left = breaker.stats().cooldown_remaining;
        assert!(left >= SECOND && left <= SECOND * 3 / 2, "{left:?}");
        assert_eq!(breaker.stats().cooldown_remaining, left, "drawn once for each opening");
        seen.push(left);
        breaker.reset();
    }
    seen.sort();
    seen.dedup();
    assert!(seen.len() > 50, "hardly any jitter: {seen:?}");

    let capped = builder().threshold(1).cooldown(SECOND).cooldown_jitter(1.0).max_cooldown(SECOND).build().unwrap();
    calls(&capped, "x");
    assert_eq!(capped.stats().cooldown_remaining, SECOND);
}

#[circuit(name = "cooldown::busy", threshold = 2, cooldown = 30, max_cooldown = 100, retry_after = |error| match error {
    Error::Busy(time) => Some(*time),
    _ => None,
})]
async fn busy(error: Error) -> Result<(), Error> {
    Err(error)
}

#[tokio::test(start_paused = true)]
async fn cooldown_is_longer_of_own_and_hint_of_opening_failure() {
    let breaker = get_circuit("cooldown::busy").unwrap();
    for (error, cooldown) in [
        // `Busy(Duration::ZERO)` asks for a delay of zero, like a `Retry-After` date in the past. A delay of zero must
        // not shorten the cooldown.
        (Error::Busy(Duration::ZERO), 30),
        (Error::Busy(Duration::from_millis(10)), 30),
        (Error::Busy(4 * SECOND), 30),
        (Error::Busy(40 * SECOND), 40),
        (Error::Status(503), 30),
        (Error::Busy(Duration::MAX), 100),
        (Error::Busy(200 * SECOND), 100),
    ] {
        let _ = busy(Error::Busy(SECOND)).await;
        let _ = busy(error).await;
        assert_eq!(breaker.stats().cooldown_remaining, cooldown * SECOND);
        advance((cooldown - 1) * SECOND + Duration::from_millis(999)).await;
        assert!(matches!(busy(Error::Status(0)).await, Err(Error::Open(_))));
        advance(Duration::from_millis(1)).await;
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        breaker.reset();
    }
    breaker.try_acquire().unwrap().failure();
    breaker.try_acquire().unwrap().failure_retry_after(Duration::ZERO);
    assert_eq!(breaker.stats().cooldown_remaining, 30 * SECOND, "a permit's hint of zero");
    breaker.reset();
    breaker.try_acquire_owned().unwrap().failure();
    breaker.try_acquire_owned().unwrap().failure_retry_after(50 * SECOND);
    assert_eq!(breaker.stats().cooldown_remaining, 50 * SECOND, "an owned permit's hint");
}

#[tokio::test(start_paused = true)]
async fn manual_trip_does_not_grow_cooldown() {
    let breaker = builder().threshold(1).cooldown(10 * SECOND).cooldown_factor(2.0).build().unwrap();
    calls(&breaker, "x");
    advance(10 * SECOND).await;
    calls(&breaker, "x");
    assert_eq!(breaker.stats().cooldown_remaining, 20 * SECOND);
    for _ in 0..3 {
        breaker.trip();
        assert_eq!(breaker.stats().cooldown_remaining, 10 * SECOND);
    }
}

#[tokio::test(start_paused = true)]
async fn max_cooldown_limits_cooldown_of_every_declaration() {
    let breaker = builder().threshold(1).max_cooldown(10 * SECOND).build().unwrap();
    calls(&breaker, "x");
    assert_eq!(breaker.stats().cooldown_remaining, 10 * SECOND, "less than the default");

    let registered = |longest| CircuitBreaker::builder("cooldown::longest").max_cooldown(longest).register();
    CircuitBreaker::builder("cooldown::longest").threshold(3).register().unwrap();
    let place = format!("tests/circuit/cooldown.rs:{}:", line!() + 1);
    CircuitBreaker::builder("cooldown::longest").cooldown(30 * SECOND).register().unwrap();
    let error = registered(10 * SECOND).unwrap_err().to_string();
    assert!(
        error.contains("`max_cooldown` is 10s, but must be at least 30s, which circuit 'cooldown::longest' has"),
        "{error}"
    );
    assert!(error.contains(&place), "{error}");
    registered(30 * SECOND).unwrap();
    CircuitBreaker::builder("cooldown::most").max_cooldown(10 * SECOND).register().unwrap();
    let error = CircuitBreaker::builder("cooldown::most").cooldown(30 * SECOND).register().unwrap_err().to_string();
    assert!(
        error.contains("`cooldown` is 30s, but must be at most 10s, which circuit 'cooldown::most' has"),
        "{error}"
    );
}

#[circuit(name = "cooldown::zero_hint", retry_after = |_| Some(Duration::ZERO))]
async fn zero_hint(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn hint_of_zero_does_not_switch_circuit_off() {
    let reached = Cell::new(0);
    for _ in 0..1000 {
        let _ = zero_hint(&reached).await;
    }
    assert_eq!(reached.get(), 3);
}

#[circuit(name = "cooldown::keyed", key = host, threshold = 1, cooldown = 30, retry_after = |_| Some(SECOND))]
async fn keyed(host: &str) -> Result<(), Error> {
    Err(Error::Status(u16::try_from(host.len()).unwrap()))
}

#[tokio::test(start_paused = true)]
async fn hint_does_not_shorten_cooldown_of_key() {
    let _ = keyed("a").await;
    assert_eq!(get_circuit("cooldown::keyed[a]").unwrap().stats().cooldown_remaining, 30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn hint_keeps_cooldown_jitter() {
    let builder = builder().threshold(1).cooldown(SECOND).cooldown_jitter(1.0);
    let mut cooldowns: Vec<_> = (0..1000)
        .map(|_| {
            let breaker = builder.clone().build().unwrap();
            breaker.try_acquire().unwrap().failure_retry_after(30 * SECOND);
            breaker.stats().cooldown_remaining.as_secs_f64()
        })
        .collect();
    cooldowns.sort_by(f64::total_cmp);
    assert!(cooldowns[0] >= 30.0 && cooldowns[999] <= 60.0);
    let mean = cooldowns.iter().sum::<f64>() / 1000.0;
    // The 1,000 cooldowns are uniformly distributed between 30 s and 60 s. Their mean therefore has a standard
    // deviation of 0.27 s, which is far below the tolerance of 1.5 s.
    assert!((mean - 45.0).abs() < 1.5, "{mean}");
    assert!(cooldowns[99] < 36.0 && cooldowns[900] > 54.0, "the tails are not empty");
}

#[tokio::test(start_paused = true)]
async fn hinted_cooldown_survives_growth_and_cap() {
    let builder = builder().threshold(1).cooldown(10 * SECOND).cooldown_factor(4.0).max_cooldown(100 * SECOND);
    let breaker = builder.build().unwrap();
    for cooldown in [30, 40, 100] {
        breaker.try_acquire().unwrap().failure_retry_after(30 * SECOND);
        assert_eq!(breaker.stats().cooldown_remaining, cooldown * SECOND);
        advance(cooldown * SECOND).await;
    }
    breaker.try_acquire().unwrap().failure_retry_after(Duration::from_secs(10_000_000_000));
    assert_eq!(breaker.stats().cooldown_remaining, 100 * SECOND);
}

#[circuit(name = "cooldown::trial", threshold = 1, cooldown = "50ms")]
async fn with_trial(fails: bool, time: Duration) -> Result<(), Error> {
    sleep(time).await;
    if fails { Err(Error::Down) } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn rejection_beside_trial_tells_half_open_state() {
    let ms = Duration::from_millis;
    let breaker = get_circuit("cooldown::trial").unwrap();
    let _ = with_trial(true, Duration::ZERO).await;
    advance(ms(50)).await;
    let rejections = async {
        let Err(Error::Open(attribute)) = with_trial(false, Duration::ZERO).await else { panic!("not rejected") };
        let call = breaker.call(|| async { Ok::<_, Error>(()) }).await;
        let Err(CallError::Rejected(Rejection::Circuit(call))) = call else { panic!("not rejected") };
        [attribute, call, breaker.try_acquire().unwrap_err(), breaker.try_acquire_owned().unwrap_err()]
    };
    let (trial, rejections) = tokio::join!(with_trial(false, ms(20)), rejections);
    for rejection in rejections {
        assert_eq!((rejection.state(), rejection.retry_after()), (CircuitState::HalfOpen, SECOND));
        assert_eq!(rejection.cooldown_remaining(), Duration::ZERO);
        let text = "Circuit 'cooldown::trial' is half-open and its trial is under way. Retry in 1s";
        assert_eq!(rejection.to_string(), text);
    }
    assert_eq!(trial, Ok(()));
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn waiting_as_told_is_long_enough() {
    for nanos in [1, 7, 8, 9, 1_000_000_007] {
        let cooldown = Duration::from_nanos(nanos);
        for offset in 0..9 {
            advance(Duration::from_nanos(offset)).await;
            let breaker = builder().threshold(1).cooldown(cooldown).trial_timeout(cooldown).build().unwrap();
            breaker.try_acquire().unwrap().failure();
            for expected in [CircuitState::Open, CircuitState::HalfOpen] {
                let rejection = breaker.try_acquire().unwrap_err();
                assert_eq!(rejection.state(), expected);
                assert!(expected != CircuitState::Open || rejection.retry_after() >= cooldown, "{rejection:?}");
                assert!(breaker.stats().cooldown_remaining == rejection.cooldown_remaining());
                let mut waited = rejection.retry_after();
                advance(waited).await;
                // A rejection by a half-open circuit asks the caller to wait for at most one second. A forgotten permit
                // (see `forget` below) blocks the circuit for the whole `trial_timeout`. The loop waits until
                // `cooldown` has passed, because `trial_timeout` equals `cooldown` here.
                while expected == CircuitState::HalfOpen && waited < cooldown {
                    advance(Duration::from_nanos(8)).await;
                    waited += Duration::from_nanos(8);
                }
                std::mem::forget(breaker.try_acquire().expect("the wait is over"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn forced_open_wait_is_rounded_up() {
    let breaker = builder().cooldown(Duration::from_nanos(1_000_000_007)).build().unwrap();
    breaker.force_open();
    assert_eq!(breaker.try_acquire().unwrap_err().retry_after(), Duration::from_nanos(1_000_000_008));
    assert_eq!(breaker.try_acquire().unwrap_err().to_string(), "Circuit 'cooldown' is open. Retry in 2s");
}
