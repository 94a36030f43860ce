//! Tests the option `retry_after` of a circuit, which reads the delay that an error asks for. A retry above the circuit
//! also uses this delay.

use std::time::Duration;

use resilience_runtime::{CircuitBreaker, Jitter, RetryPolicy, circuit, get_circuit, hedge, retry};
use support::{Calls, Error, seconds};
use tokio::time::Instant;

#[expect(clippy::unnecessary_wraps, reason = "`retry_after` takes an option")]
fn hint_of(error: &Error) -> Option<Duration> {
    match error {
        Error::Busy(time) => Some(*time),
        error => unreachable!("`retry_after` receives no rejection: {error}"),
    }
}

/// Succeeds at the third call. Every other call fails with an error that asks for a delay of `hint` seconds.
fn ask(calls: &Calls, hint: u64) -> Result<(), Error> {
    if calls.note() == 3 { Ok(()) } else { Err(Error::Busy(seconds(hint))) }
}

#[retry(delay = 1)]
#[circuit(name = "retry_after::closed", threshold = 9, retry_after = hint_of)]
async fn closed(calls: &Calls, hint: u64) -> Result<(), Error> {
    ask(calls, hint)
}

#[tokio::test(start_paused = true)]
async fn retry_pause_respects_hint_of_circuit_below() {
    for (hint, seconds) in [(7, [0, 7, 14]), (0, [0, 1, 3])] {
        let calls = Calls::start();
        assert_eq!(closed(&calls, hint).await, Ok(()));
        assert_eq!(calls.seconds(), seconds, "the longer of its own pause and {hint} s");
    }
}

#[retry]
#[circuit(name = "retry_after::opens", threshold = 1, cooldown = 5, retry_after = |error| match error {
    Error::Busy(time) => Some(*time),
    _ => None,
})]
async fn opens(calls: &Calls) -> Result<(), Error> {
    ask(calls, 7)
}

#[tokio::test(start_paused = true)]
async fn attempt_after_hinted_pause_is_the_trial() {
    let calls = Calls::start();
    assert_eq!(opens(&calls).await, Ok(()));
    assert_eq!(calls.seconds(), [0, 7, 14]);
    assert_eq!(get_circuit("retry_after::opens").unwrap().stats().total_opened, 2);
}

#[retry(max = 2, delay = 1, retry_after = |_| None)]
#[circuit(name = "retry_after::own", threshold = 9, retry_after = hint_of)]
async fn has_its_own(calls: &Calls) -> Result<(), Error> {
    ask(calls, 7)
}

#[retry(max = 2, delay = 1)]
#[circuit(name = "retry_after::says_nothing", threshold = 9)]
#[circuit(name = "retry_after::topmost", threshold = 9, retry_after = |_| Some(seconds(3)))]
#[circuit(name = "retry_after::lower", threshold = 9, retry_after = hint_of)]
async fn above_several(calls: &Calls) -> Result<(), Error> {
    ask(calls, 7)
}

#[circuit(name = "retry_after::above", threshold = 9, retry_after = hint_of)]
#[retry(max = 2, delay = 1)]
async fn below(calls: &Calls) -> Result<(), Error> {
    ask(calls, 7)
}

#[retry(max = 2, delay = 1)]
#[circuit(name = "retry_after::ignores", threshold = 9, failure_if = |_| false, retry_after = hint_of)]
async fn ignored(calls: &Calls) -> Result<(), Error> {
    ask(calls, 7)
}

#[tokio::test(start_paused = true)]
async fn own_retry_after_precedes_topmost_circuit_below() {
    let calls = Calls::start();
    let _ = has_its_own(&calls).await;
    assert_eq!(calls.seconds(), [0, 1], "its own function returns no hint, and the circuit is not asked");
    let calls = Calls::start();
    let _ = above_several(&calls).await;
    assert_eq!(calls.seconds(), [0, 3]);
    let calls = Calls::start();
    let _ = below(&calls).await;
    assert_eq!(calls.seconds(), [0, 1], "a circuit above is not asked");
    let calls = Calls::start();
    let _ = ignored(&calls).await;
    assert_eq!(calls.seconds(), [0, 7], "the hint of an ignored error counts, too");
}

#[retry(delay = 1, max_delay = 5)]
#[circuit(name = "retry_after::capped", threshold = 9, max_cooldown = 60, retry_after = hint_of)]
async fn capped(calls: &Calls) -> Result<(), Error> {
    ask(calls, 7)
}

#[tokio::test(start_paused = true)]
async fn retry_ends_when_circuit_hint_exceeds_max_delay() {
    let calls = Calls::start();
    assert_eq!(capped(&calls).await, Err(Error::Busy(seconds(7))));
    assert_eq!(calls.seconds(), [0]);
}

/// Retries a function that always fails, and returns the pauses between the attempts. The error of the first attempt
/// asks for the delay `hints[0]`, and so on.
async fn pauses(jitter: Jitter, max_delay: Option<Duration>, hints: &[Option<Duration>]) -> Vec<Duration> {
    let mut builder = RetryPolicy::builder().max(u32::try_from(hints.len()).unwrap() + 1).jitter(jitter);
    if let Some(max_delay) = max_delay {
        builder = builder.max_delay(max_delay);
    }
    let policy = builder.retry_after(|hint: &Option<Duration>| *hint).build().unwrap();
    let mut begins = Vec::new();
    let _ = policy
        .call(|| {
            begins.push(Instant::now());
            let hint = hints.get(begins.len() - 1).copied().flatten();
            async move { Err::<(), _>(hint) }
        })
        .await;
    begins.windows(2).map(|two| two[1] - two[0]).collect()
}

#[tokio::test(start_paused = true)]
async fn hint_keeps_jitter_of_retry() {
    for jitter in [Jitter::Full, Jitter::Equal, Jitter::Decorrelated] {
        let mut first = Vec::new();
        for _ in 0..1000 {
            first.push(pauses(jitter, None, &[Some(seconds(30))]).await[0].as_secs_f64());
        }
        first.sort_by(f64::total_cmp);
        // The pauses are uniformly distributed between 30 s and 31 s. Tokio's timer rounds up to whole milliseconds.
        assert!(first[0] >= 30.0 && first[999] <= 31.002, "{jitter:?}");
        let mean = first.iter().sum::<f64>() / 1000.0;
        assert!((mean - 30.5).abs() < 0.06, "{jitter:?}: {mean}");
        assert!(first[99] < 30.2 && first[900] > 30.8, "{jitter:?}: the tails are not empty");
    }
}

#[tokio::test(start_paused = true)]
async fn hint_does_not_feed_decorrelated_jitter() {
    for _ in 0..200 {
        let pauses = pauses(Jitter::Decorrelated, None, &[Some(seconds(60)), None]).await;
        assert!(pauses[1] <= seconds(9), "three times a pause of at most 3 s: {pauses:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn jittered_hint_above_max_delay_ends_retry() {
    let mut ended = 0;
    for _ in 0..400 {
        // The pause is uniformly distributed between 9.5 s and 10.5 s. A pause above `max_delay` (10 s) ends the retry,
        // so about half of the 400 retries end.
        ended +=
            u32::from(pauses(Jitter::Full, Some(seconds(10)), &[Some(Duration::from_millis(9_500))]).await.is_empty());
    }
    assert!((120..280).contains(&ended), "{ended} of 400");
}

#[retry(max = 2, delay = 1)]
#[circuit(name = "retry_after::long", threshold = 9, retry_after = hint_of)]
async fn over_circuit(calls: &Calls, hint: u64) -> Result<(), Error> {
    ask(calls, hint)
}

#[retry(max = 2, delay = 1)]
#[circuit(name = "retry_after::longer", threshold = 9, max_cooldown = "3h", retry_after = hint_of)]
async fn over_longer_circuit(calls: &Calls, hint: u64) -> Result<(), Error> {
    ask(calls, hint)
}

#[retry(max = 2, delay = 1)]
#[circuit(name = "retry_after::short", key = hint, threshold = 9, max_cooldown = 60, cooldown = 9, retry_after = hint_of)]
async fn over_keyed_circuit(calls: &Calls, hint: u64) -> Result<(), Error> {
    ask(calls, hint)
}

#[retry(max = 2, delay = 1, attempt = n)]
#[circuit(name = "retry_after::attempt", key = n, threshold = 9, max_cooldown = "3h", retry_after = hint_of)]
async fn over_circuit_of_attempt(calls: &Calls, hint: u64) -> Result<(), Error> {
    ask(calls, hint)
}

#[retry(max = 2, delay = 1, attempt = n)]
#[hedge(after = 1)]
#[circuit(name = "retry_after::hedged", key = n, threshold = 9, max_cooldown = "3h", retry_after = hint_of)]
async fn over_hedged_circuit_of_attempt(calls: &Calls, hint: u64) -> Result<(), Error> {
    ask(calls, hint)
}

#[retry(max = 2, delay = 1, retry_after = hint_of)]
#[circuit(name = "retry_after::own_long", threshold = 9, max_cooldown = "3h", retry_after = hint_of)]
async fn own_over_longer_circuit(calls: &Calls, hint: u64) -> Result<(), Error> {
    ask(calls, hint)
}

#[tokio::test(start_paused = true)]
async fn hint_above_one_hour_ends_retry() {
    const HOUR: u64 = 3600;
    macro_rules! times {
        ($function:ident, $hint:expr) => {{
            let calls = Calls::start();
            assert_eq!($function(&calls, $hint).await, Err(Error::Busy(seconds($hint))));
            calls.seconds()
        }};
    }
    assert_eq!(times!(over_circuit, HOUR), [0, HOUR]);
    assert_eq!(times!(over_circuit, HOUR + 1), [0]);
    assert_eq!(times!(over_circuit, 10_000_000_000), [0]);
    assert_eq!(times!(over_longer_circuit, 3 * HOUR), [0, 3 * HOUR], "its circuit allows more");
    assert_eq!(times!(over_longer_circuit, 3 * HOUR + 1), [0]);
    for hint in [7, 3 * HOUR, 3 * HOUR + 1] {
        assert_eq!(times!(over_circuit_of_attempt, hint), [0, 1], "the next attempt calls another host");
        assert_eq!(times!(over_hedged_circuit_of_attempt, hint), [0, 1]);
    }
    assert_eq!(times!(over_keyed_circuit, HOUR), [0, HOUR], "never less than one hour");
    assert_eq!(times!(over_keyed_circuit, HOUR + 1), [0]);
    assert_eq!(times!(own_over_longer_circuit, HOUR + 1), [0], "the hint does not come from the circuit");
    for (hint, attempts) in [(HOUR, 2), (HOUR + 1, 1), (10_000_000_000, 1)] {
        let calls = Calls::start();
        let policy = RetryPolicy::builder().max(2).retry_after(move |_: &Error| Some(seconds(hint))).build().unwrap();
        let _ = policy.call(|| async { ask(&calls, hint) }).await;
        assert_eq!(calls.count(), attempts, "a policy, {hint} s");
    }
    for (hint, attempts) in [(2 * HOUR, 2), (2 * HOUR + 1, 1)] {
        let calls = Calls::start();
        let policy = RetryPolicy::builder().max(2).max_delay(seconds(2 * HOUR));
        let policy = policy.retry_after(move |_: &Error| Some(seconds(hint))).build().unwrap();
        let _ = policy.call(|| async { ask(&calls, hint) }).await;
        assert_eq!(calls.count(), attempts, "`max_delay` decides alone, {hint} s");
    }
}

#[retry(max = 2, delay = 1)]
#[circuit(name = "retry_after::odd", threshold = 1, cooldown = 1, retry_after = hint_of)]
async fn opens_for_odd_time(hint: Duration, calls: &Calls) -> Result<(), Error> {
    if calls.note() == 1 { Err(Error::Busy(hint)) } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn retry_sleeps_for_hint_of_any_number_of_nanoseconds() {
    for nanos in [2_000_000_000, 2_000_000_001, 2_000_000_008, 2_123_456_789] {
        let hint = Duration::from_nanos(nanos);
        let calls = Calls::start();
        assert_eq!(opens_for_odd_time(hint, &calls).await, Ok(()), "{nanos} ns");
        let breaker = CircuitBreaker::builder("retry_after").threshold(1).cooldown(seconds(1)).build().unwrap();
        let policy = RetryPolicy::builder().max(2).retry_after(move |_: &Error| Some(hint)).build().unwrap();
        let calls = Calls::start();
        let call = async || {
            let permit = breaker.try_acquire()?;
            if calls.note() == 1 {
                permit.failure_retry_after(hint);
                return Err(Error::Down);
            }
            permit.success();
            Ok(())
        };
        assert_eq!(policy.call(call).await, Ok(()), "{nanos} ns");
    }
}
