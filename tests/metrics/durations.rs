//! Tests the option `durations` of a circuit.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use resilience_runtime::{CircuitBreaker, Classifier, KeyedCircuits, circuit};
use support::{Error, seconds};
use tokio::time::{advance, sleep, timeout};

use crate::parser::{Samples, read};

const DURATION: &str = "resilience_call_duration_seconds";

#[circuit(name = "durations::outcomes", durations = true, failure_if = |error| *error == Error::Down)]
async fn ask(time: Duration, outcome: Result<(), Error>) -> Result<(), Error> {
    sleep(time).await;
    outcome
}

/// Returns the number of calls with this outcome, and the sum of their durations in seconds.
fn total(samples: &Samples, name: &str, outcome: &str) -> Option<(f64, f64)> {
    let labels = [("name", name), ("outcome", outcome)];
    let count = samples.get(&format!("{DURATION}_count"), &labels)?;
    Some((count, samples.get(&format!("{DURATION}_sum"), &labels).unwrap()))
}

#[tokio::test(start_paused = true)]
async fn each_outcome_has_a_histogram() {
    let name = "durations::outcomes";
    assert_eq!(total(&read(), name, "success"), None);
    ask(Duration::from_millis(5), Ok(())).await.unwrap();
    ask(Duration::from_millis(6), Ok(())).await.unwrap();
    ask(seconds(7), Err(Error::Down)).await.unwrap_err();
    ask(seconds(90), Err(Error::Other)).await.unwrap_err();
    timeout(Duration::from_millis(250), ask(seconds(1), Ok(()))).await.unwrap_err();
    let samples = read();
    assert_eq!(total(&samples, name, "success"), Some((2.0, 0.011)));
    assert_eq!(total(&samples, name, "failure"), Some((1.0, 7.0)));
    assert_eq!(total(&samples, name, "ignored"), Some((1.0, 90.0)));
    assert_eq!(total(&samples, name, "cancelled"), Some((1.0, 0.25)));
    assert_eq!(total(&samples, name, "rejected"), None);
    let up_to = |outcome, bound| {
        let labels = [("name", name), ("outcome", outcome), ("le", bound)];
        samples.get(&format!("{DURATION}_bucket"), &labels)
    };
    assert_eq!(
        ["0.001", "0.0025", "0.005", "0.01", "+Inf"].map(|bound| up_to("success", bound)),
        [0., 0., 1., 2., 2.].map(Some)
    );
    assert_eq!(["5.0", "10.0", "60.0"].map(|bound| up_to("failure", bound)), [0., 1., 1.].map(Some));
    assert_eq!(["60.0", "+Inf"].map(|bound| up_to("ignored", bound)), [0., 1.].map(Some));
}

#[tokio::test(start_paused = true)]
async fn any_error_keeps_duration_to_first_item() {
    let name = "durations::first item";
    let breaker = CircuitBreaker::builder(name).durations(true).register().unwrap();
    let classifier = Classifier::builder().failure_if(|error: &Error| *error == Error::Down).build().unwrap();
    for error in [Error::Down, Error::Other] {
        let items = stream::iter([Ok(1), Err(error)]);
        let mut stream = breaker.watch_with(&classifier, || items).unwrap().slow_at_first_item();
        advance(seconds(1)).await;
        assert_eq!(stream.next().await, Some(Ok(1)));
        advance(seconds(9)).await;
        stream.next().await.unwrap().unwrap_err();
    }
    let samples = read();
    assert_eq!(total(&samples, name, "failure"), Some((1.0, 1.0)));
    assert_eq!(total(&samples, name, "ignored"), Some((1.0, 1.0)));
}

#[tokio::test(start_paused = true)]
async fn calls_in_every_state_have_a_duration() {
    let name = "durations::states";
    let breaker = CircuitBreaker::builder(name).threshold(1).durations(true).register().unwrap();
    let call = breaker.try_acquire().unwrap();
    advance(seconds(1)).await;
    call.failure();
    advance(seconds(30)).await;
    let trial = breaker.try_acquire().unwrap();
    advance(seconds(1)).await;
    trial.success();
    breaker.disable();
    let disabled = breaker.try_acquire().unwrap();
    advance(seconds(1)).await;
    disabled.success();
    assert_eq!(total(&read(), name, "failure"), Some((1.0, 1.0)));
    assert_eq!(total(&read(), name, "success"), Some((2.0, 2.0)));
}

#[tokio::test(start_paused = true)]
async fn circuit_without_the_option_has_no_histogram() {
    let breaker = CircuitBreaker::builder("durations::none").register().unwrap();
    breaker.try_acquire().unwrap().success();
    breaker.trip();
    assert_eq!(total(&read(), "durations::none", "success"), None);
}

#[tokio::test(start_paused = true)]
async fn durations_of_evicted_keys_stay_in_the_sum() {
    let circuits = KeyedCircuits::builder("durations::keys").durations(true).max_keys(2).register().unwrap();
    for key in 0..10 {
        let circuit = circuits.get(key);
        let call = circuit.try_acquire().unwrap();
        advance(seconds(1)).await;
        call.success();
        assert_eq!(total(&read(), "durations::keys", "success"), Some((f64::from(key + 1), f64::from(key + 1))));
    }
}
