//! Tests invalid settings, unusual names of circuits, and extreme numbers.

use std::io;
use std::time::Duration;

use resilience_runtime::{
    CircuitBreaker, ConfigError, Jitter, RetryBudget, RetryCost, RetryPolicy, TokenBucket, circuit, get_circuit,
    get_circuit_stats,
};

fn option_value(error: &ConfigError) -> (&str, &str) {
    (error.option(), error.value())
}

#[test]
fn circuit_builder_refuses_invalid_value_by_name() {
    const YEAR: Duration = Duration::from_secs(31_557_600);
    let builder = || CircuitBreaker::builder("invalid_settings::refused");
    for (wrong, option, message) in [
        (builder().threshold(0), "threshold", "`threshold` is 0, but must be a whole number of at least 1"),
        (builder().half_open_max(0), "half_open_max", "`half_open_max` is 0, but must be a whole number of at least 1"),
        (
            builder().trial_timeout(Duration::ZERO),
            "trial_timeout",
            "`trial_timeout` is 0s, but must be longer than zero",
        ),
        (builder().cooldown(600 * YEAR), "cooldown", "`cooldown` is 18934560000s, but must be at most 584 years"),
        (CircuitBreaker::builder(""), "name", "`name` is \"\", but must be a text that is not blank"),
        (CircuitBreaker::builder(" \n"), "name", "`name` is \" \\n\", but must be a text that is not blank"),
    ] {
        let error = wrong.clone().build().unwrap_err();
        assert_eq!((error.option(), error.to_string().as_str()), (option, message));
        assert_eq!(wrong.register().unwrap_err(), error);
    }
    assert!(get_circuit("invalid_settings::refused").is_none(), "the registry is unchanged");
    assert!(get_circuit("").is_none());
}

#[test]
fn circuit_builder_accepts_extreme_values() {
    let edge = CircuitBreaker::builder("edge")
        .threshold(u32::MAX)
        .half_open_max(u32::MAX)
        .cooldown(Duration::from_nanos(u64::MAX))
        .trial_timeout(Duration::from_nanos(1))
        .build()
        .unwrap();
    RetryPolicy::builder().delay(Duration::from_nanos(u64::MAX)).build().unwrap();
    edge.try_acquire().unwrap().failure();
    assert_eq!(edge.stats().cooldown, Duration::from_nanos(u64::MAX));
}

#[tokio::test(start_paused = true)]
async fn zero_cooldown_admits_trial_at_once() {
    let breaker = CircuitBreaker::builder("zero").threshold(1).cooldown(Duration::ZERO).build().unwrap();
    breaker.try_acquire().unwrap().failure();
    let trial = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err());
    trial.success();
    assert_eq!(breaker.stats().failures, 0);
}

#[test]
fn retry_builder_refuses_invalid_value_by_name() {
    let policy = RetryPolicy::builder;
    for (wrong, expected) in [
        (policy().max(0), ("max", "0")),
        (policy().backoff(f64::NAN), ("backoff", "NaN")),
        (policy().backoff(f64::INFINITY), ("backoff", "inf")),
        (policy().backoff(-1.0), ("backoff", "-1")),
        (policy().backoff(0.999), ("backoff", "0.999")),
        (policy().delay(Duration::MAX), ("delay", "18446744073709551615.999999999s")),
    ] {
        let error = wrong.build().unwrap_err();
        assert_eq!(option_value(&error), expected);
        assert!(error.to_string().contains(error.allowed()), "{error}");
    }
}

#[test]
fn pause_saturates_without_panic() {
    for backoff in [1.0, 1.000_001, 2.0, 1e300, f64::MAX] {
        for delay in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1), Duration::from_secs(1 << 34)] {
            let policy = RetryPolicy::builder().max(u32::MAX).delay(delay).backoff(backoff).build().unwrap();
            let mut before = Duration::ZERO;
            for attempt in [0, 1, 2, 3, 63, 64, 65, 1_000, 1 << 31, u32::MAX] {
                let pause = policy.delay_after(attempt);
                assert!(pause >= before, "{delay:?} * {backoff}^({attempt} - 1) is {pause:?}, less than before");
                assert!(delay.is_zero() == pause.is_zero());
                before = pause;
            }
        }
    }
}

#[test]
fn circuit_name_of_any_text_is_shown_escaped() {
    let long = "x".repeat(10_240);
    for (name, shown) in [
        ("it's \"quoted\"", r#"it\'s \"quoted\""#),
        ("two\nlines\t", r"two\nlines\t"),
        ("🦀 ünïcode", "🦀 ünïcode"),
        ("\u{202e}right to left", r"\u{202e}right to left"),
        (&long, &long),
    ] {
        let breaker = CircuitBreaker::builder(name.to_owned()).threshold(1).register().unwrap();
        breaker.try_acquire().unwrap().failure();
        let rejection = breaker.try_acquire().unwrap_err();
        assert_eq!(rejection.to_string(), format!("Circuit '{shown}' is open. Retry in 30s"));
        assert_eq!((rejection.name(), breaker.name()), (name, name), "not escaped");
        assert_eq!(get_circuit_stats()[name].name, name);
        assert!(get_circuit(name).is_some());

        let error = CircuitBreaker::builder(name.to_owned()).threshold(2).register().unwrap_err();
        assert!(error.to_string().contains(&format!("circuit '{shown}'")), "{error}");
    }
}

#[test]
fn retry_builder_refuses_contradictory_options() {
    static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);
    let policy = || RetryPolicy::builder().delay(Duration::from_secs(2));
    for (wrong, expected, message) in [
        (
            policy().max_delay(Duration::from_secs(1)),
            ("max_delay", "1s"),
            "`max_delay` is 1s, but must be at least as long as `delay`",
        ),
        (policy().max_delay(Duration::MAX), ("max_delay", "18446744073709551615.999999999s"), "at most 584 years"),
        (
            policy().jitter(Jitter::Decorrelated).backoff(2.0),
            ("backoff", "2"),
            "`backoff` is 2, but must be left out with decorrelated jitter",
        ),
        (
            policy().max_elapsed(Duration::from_millis(1999)),
            ("max_elapsed", "1.999s"),
            "must be at least as long as the first pause",
        ),
        (policy().max_elapsed(Duration::MAX), ("max_elapsed", "18446744073709551615.999999999s"), "at most 584 years"),
    ] {
        let error = wrong.build().unwrap_err();
        assert_eq!(option_value(&error), expected);
        assert!(error.to_string().contains(message), "{error}");
    }
    let paid = || RetryPolicy::builder().cost(|(): &()| RetryCost::Timeout).max(2);
    let error = paid().retry_if(|(): &()| true).build().unwrap_err();
    assert_eq!(error.to_string(), "`cost` is given, but must be beside a `budget`: nothing is paid otherwise");
    paid().budget(&BUDGET).build().unwrap();
    policy().budget(&BUDGET).build().unwrap();
    policy().jitter(Jitter::Equal).max_elapsed(Duration::from_secs(1)).build().unwrap();
    policy().jitter(Jitter::Full).max_elapsed(Duration::ZERO).build().unwrap();
    policy().max(1).max_elapsed(Duration::ZERO).build().unwrap();
}

#[circuit(name = "invalid_settings::capped", threshold = 1, max_cooldown = 5)]
async fn capped() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[circuit(name = "invalid_settings::capped", cooldown = 60)]
async fn longer() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test(start_paused = true)]
async fn cooldown_declared_later_stays_within_max_cooldown() {
    capped().await.unwrap_err();
    let circuit = get_circuit("invalid_settings::capped").unwrap();
    circuit.reset();
    longer().await.unwrap_err();
    assert_eq!(circuit.stats().cooldown_remaining, Duration::from_secs(5));
}
