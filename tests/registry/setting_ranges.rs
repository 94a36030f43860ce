//! Tests the smallest and the greatest value of each option of the builders. The error for a value outside this range
//! must name the option.

use std::fmt::Debug;
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CircuitBreaker, CircuitBuilder, ConfigError, Hedge, Jitter, RateLimit, RetryPolicy, Timeout,
};

const LONGEST: Duration = Duration::from_nanos(u64::MAX);
const TOO_LONG: Duration = LONGEST.saturating_add(Duration::from_nanos(1));

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

fn refused<T: Debug>(built: Result<T, ConfigError>) -> String {
    built.unwrap_err().option().to_owned()
}

#[test]
fn circuit_builder_enforces_range_of_each_option() {
    type Edge = (&'static str, fn(CircuitBuilder) -> CircuitBuilder, fn(CircuitBuilder) -> CircuitBuilder);
    let edges: [Edge; 18] = [
        ("threshold", |b| b.threshold(1), |b| b.threshold(0)),
        ("half_open_max", |b| b.half_open_max(1), |b| b.half_open_max(0)),
        ("cooldown", |b| b.cooldown(LONGEST), |b| b.cooldown(TOO_LONG)),
        ("max_cooldown", |b| b.max_cooldown(LONGEST), |b| b.max_cooldown(TOO_LONG)),
        (
            "max_cooldown",
            |b| b.cooldown(seconds(5.0)).max_cooldown(seconds(5.0)),
            |b| b.cooldown(seconds(5.0)).max_cooldown(seconds(4.999)),
        ),
        ("cooldown_factor", |b| b.cooldown_factor(1.0), |b| b.cooldown_factor(0.999)),
        ("cooldown_factor", |b| b.cooldown_factor(f64::MAX), |b| b.cooldown_factor(f64::NAN)),
        ("cooldown_jitter", |b| b.cooldown_jitter(0.0), |b| b.cooldown_jitter(-0.001)),
        ("cooldown_jitter", |b| b.cooldown_jitter(1.0), |b| b.cooldown_jitter(1.001)),
        ("trial_timeout", |b| b.trial_timeout(Duration::from_nanos(1)), |b| b.trial_timeout(Duration::ZERO)),
        ("hung_after", |b| b.hung_after(Duration::from_nanos(1)), |b| b.hung_after(Duration::ZERO)),
        ("window", |b| b.threshold(1).window(seconds(0.001)), |b| b.threshold(1).window(Duration::from_nanos(999_999))),
        (
            "window",
            |b| b.threshold(1).window(seconds(86_400.0)),
            |b| b.threshold(1).window(Duration::from_nanos(86_400_000_000_001)),
        ),
        ("calls", |b| b.threshold(1).calls(65_535), |b| b.threshold(1).calls(65_536)),
        ("threshold", |b| b.threshold(9).calls(9), |b| b.threshold(10).calls(9)),
        ("min_calls", |b| b.failure_rate(1.0).min_calls(9).calls(9), |b| b.failure_rate(1.0).min_calls(10).calls(9)),
        (
            "failure_rate",
            |b| b.failure_rate(f64::MIN_POSITIVE).min_calls(1).calls(1),
            |b| b.failure_rate(0.0).min_calls(1).calls(1),
        ),
        (
            "slow_rate",
            |b| b.slow_rate(1.0).slow_call(Duration::from_nanos(1)).min_calls(1).window(seconds(1.0)),
            |b| b.slow_rate(1.001).slow_call(Duration::from_nanos(1)).min_calls(1).window(seconds(1.0)),
        ),
    ];
    for (option, on, beyond) in edges {
        let builder = || CircuitBreaker::builder("setting_ranges");
        if let Err(error) = on(builder()).build() {
            panic!("{error}");
        }
        assert_eq!(refused(beyond(builder()).build()), option);
    }
}

#[test]
fn retry_builder_enforces_range_of_each_option() {
    let policy = || RetryPolicy::builder().delay(seconds(2.0));
    for (option, on, beyond) in [
        ("max", policy().max(1), policy().max(0)),
        ("delay", policy().delay(LONGEST), policy().delay(TOO_LONG)),
        ("backoff", policy().backoff(1.0), policy().backoff(0.999)),
        ("max_delay", policy().max_delay(seconds(2.0)), policy().max_delay(seconds(1.999))),
        ("max_delay", policy().max_delay(LONGEST), policy().max_delay(TOO_LONG)),
        ("max_elapsed", policy().max_elapsed(seconds(2.0)), policy().max_elapsed(seconds(1.999))),
        ("max_elapsed", policy().max_elapsed(LONGEST), policy().max_elapsed(TOO_LONG)),
        (
            "max_elapsed",
            policy().jitter(Jitter::Equal).max_elapsed(seconds(1.0)),
            policy().jitter(Jitter::Equal).max_elapsed(seconds(0.999)),
        ),
        ("max_elapsed", policy().max(1).max_elapsed(Duration::ZERO), policy().max(2).max_elapsed(Duration::ZERO)),
    ] {
        if let Err(error) = on.build() {
            panic!("{error}");
        }
        assert_eq!(refused(beyond.build()), option);
    }
}

#[test]
fn other_builders_enforce_range_of_each_option() {
    let shortest = Duration::from_nanos(1);
    for time in [shortest, LONGEST] {
        Timeout::new(time).unwrap();
        Hedge::new(time, 2).unwrap();
        Hedge::new(time, 5).unwrap();
        Bulkhead::builder("setting_ranges", 1).wait(time).build().unwrap();
    }
    for time in [Duration::ZERO, TOO_LONG] {
        assert_eq!(refused(Timeout::new(time)), "timeout");
        assert_eq!(refused(Hedge::new(time, 2)), "after");
    }
    for max in [1, 6] {
        assert_eq!(refused(Hedge::new(shortest, max)), "max");
    }
    let measured = || Hedge::builder().percentile(95.0).min_after(shortest).max_after(LONGEST);
    for percentile in [50.0, 99.9] {
        measured().percentile(percentile).max(5).build().unwrap();
    }
    for percentile in [49.999, 99.901] {
        assert_eq!(refused(measured().percentile(percentile).build()), "percentile");
    }
    measured().max_after(shortest).build().unwrap();
    measured().min_after(LONGEST).build().unwrap();
    assert_eq!(refused(measured().min_after(seconds(2.0)).max_after(seconds(1.999)).build()), "min_after");
    for time in [Duration::ZERO, TOO_LONG] {
        assert_eq!(refused(measured().min_after(time).build()), "min_after");
        assert_eq!(refused(measured().max_after(time).build()), "max_after");
    }
    Bulkhead::builder("setting_ranges", u32::MAX).wait(Duration::ZERO).build().unwrap();
    assert_eq!(refused(Bulkhead::builder("setting_ranges", 0).build()), "max");
    assert_eq!(refused(Bulkhead::builder("setting_ranges", 1).wait(TOO_LONG).build()), "wait");
    assert_eq!(refused(Bulkhead::builder(" ", 1).build()), "name");
    for rate in [1, 1_000_000] {
        RateLimit::builder("setting_ranges", rate).burst(1).build().unwrap();
        RateLimit::builder("setting_ranges", rate).burst(u32::MAX).build().unwrap();
    }
    for rate in [0, 1_000_001] {
        assert_eq!(refused(RateLimit::builder("setting_ranges", rate).build()), "per_second");
    }
    assert_eq!(refused(RateLimit::builder("setting_ranges", 1).burst(0).build()), "burst");
    assert_eq!(refused(RateLimit::builder("", 1).build()), "name");
}
