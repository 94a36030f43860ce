//! Tests the metrics of circuits without a key.

use resilience_runtime::{CircuitBreaker, CircuitState, circuit};
use support::{Error, seconds};
use tokio::time::advance;

use crate::parser::{Samples, read};

const CALLS: &str = "resilience_circuit_calls_total";
const STATE: &str = "resilience_circuit_state";

/// Returns the state changes of a circuit. Each entry contains the old state, the new state, the reason, and the number
/// of these changes.
fn transitions(samples: &Samples, name: &str) -> Vec<(String, String, String, f64)> {
    let of = |label| samples.by("resilience_circuit_transitions_total", ("name", name), label);
    let (from, to, reason) = (of("from"), of("to"), of("reason"));
    let all = from.into_iter().zip(to).zip(reason);
    let mut all: Vec<_> = all.map(|(((from, count), (to, _)), (reason, _))| (from, to, reason, count)).collect();
    all.sort_by(|one, other| one.partial_cmp(other).unwrap());
    all
}

fn expected(rows: &[(&str, &str, &str, f64)]) -> Vec<(String, String, String, f64)> {
    let mut rows: Vec<_> = rows
        .iter()
        .map(|(from, to, reason, count)| ((*from).to_owned(), (*to).to_owned(), (*reason).to_owned(), *count))
        .collect();
    rows.sort_by(|one, other| one.partial_cmp(other).unwrap());
    rows
}

#[circuit(name = "circuits::outcomes", threshold = 2, failure_if = |error| *error == Error::Down)]
async fn ask(outcome: Result<(), Error>) -> Result<(), Error> {
    if outcome == Err(Error::Other) {
        std::future::pending::<()>().await;
    }
    outcome
}

#[tokio::test(start_paused = true)]
async fn each_outcome_is_counted() {
    let before = read();
    let calls = |samples: &Samples| samples.by(CALLS, ("name", "circuits::outcomes"), "outcome");
    assert_eq!(calls(&before).len(), 5, "an attribute appears before its first call");
    assert!(calls(&before).iter().all(|(_, count)| *count < 1.0));
    ask(Ok(())).await.unwrap();
    ask(Ok(())).await.unwrap();
    ask(Err(Error::Failed(1))).await.unwrap_err();
    tokio::time::timeout(seconds(1), ask(Err(Error::Other))).await.unwrap_err();
    for _ in 0..3 {
        ask(Err(Error::Down)).await.unwrap_err();
    }
    let counts = [("cancelled", 1.0), ("failure", 2.0), ("ignored", 1.0), ("rejected", 1.0), ("success", 2.0)];
    assert_eq!(calls(&read()), counts.map(|(outcome, count)| (outcome.to_owned(), count)));
}

#[tokio::test(start_paused = true)]
async fn circuit_is_in_exactly_one_state() {
    let breaker = CircuitBreaker::builder("circuits::state").threshold(1).register().unwrap();
    let assert_state = |state: &str| {
        let states = read().by(STATE, ("name", "circuits::state"), "state");
        let names = ["closed", "disabled", "forced_open", "half_open", "open"];
        assert_eq!(states, names.map(|name| (name.to_owned(), f64::from(u8::from(name == state)))));
    };
    assert_state("closed");
    breaker.try_acquire().unwrap().failure();
    assert_state("open");
    advance(seconds(30)).await;
    assert_state("half_open");
    breaker.force_open();
    assert_state("forced_open");
    breaker.disable();
    assert_state("disabled");
}

#[tokio::test(start_paused = true)]
async fn transitions_have_states_and_reason() {
    let name = "circuits::transitions";
    let breaker = CircuitBreaker::builder(name).threshold(1).register().unwrap();
    assert_eq!(transitions(&read(), name), []);
    breaker.reset();
    assert_eq!(transitions(&read(), name), [], "a closed circuit stays closed");
    for works in [false, true] {
        breaker.try_acquire().unwrap().failure();
        advance(seconds(30)).await;
        let trial = breaker.try_acquire().unwrap();
        if works {
            trial.success();
        } else {
            trial.failure();
        }
        if !works {
            advance(seconds(30)).await;
            breaker.try_acquire().unwrap().success();
        }
    }
    breaker.trip();
    breaker.force_open();
    breaker.disable();
    breaker.reset();
    let rows = [
        ("closed", "open", "threshold", 2.0),
        ("open", "half_open", "cooldown", 3.0),
        ("half_open", "open", "half_open_failure", 1.0),
        ("half_open", "closed", "recovery", 2.0),
        ("closed", "open", "manual", 1.0),
        ("open", "forced_open", "manual", 1.0),
        ("forced_open", "disabled", "manual", 1.0),
        ("disabled", "closed", "reset", 1.0),
    ];
    assert_eq!(transitions(&read(), name), expected(&rows));
    assert_eq!(breaker.stats().total_opened, 4);
}

/// After the cooldown, `CircuitBreaker::state` returns `HalfOpen` for a circuit that has admitted no trial call yet.
#[tokio::test(start_paused = true)]
async fn manual_change_after_cooldown_starts_half_open() {
    type Change = (&'static str, fn(&CircuitBreaker), &'static str, &'static str);
    let changes: [Change; 4] = [
        ("reset", CircuitBreaker::reset, "closed", "reset"),
        ("trip", CircuitBreaker::trip, "open", "manual"),
        ("force_open", CircuitBreaker::force_open, "forced_open", "manual"),
        ("disable", CircuitBreaker::disable, "disabled", "manual"),
    ];
    for (method, change, to, reason) in changes {
        let name = format!("circuits::{method}_after_cooldown");
        let breaker = CircuitBreaker::builder(name.clone()).threshold(1).register().unwrap();
        breaker.try_acquire().unwrap().failure();
        advance(seconds(30)).await;
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        change(&breaker);
        let rows = [("closed", "open", "threshold", 1.0), ("half_open", to, reason, 1.0)];
        assert_eq!(transitions(&read(), &name), expected(&rows), "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn transitions_of_rates_have_their_reason() {
    let builder = |name| CircuitBreaker::builder(name).calls(4).min_calls(2).slow_call(seconds(1));
    let rates = builder("circuits::rates").failure_rate(0.5).slow_rate(0.5).register().unwrap();
    for _ in 0..2 {
        let call = rates.try_acquire().unwrap();
        advance(seconds(1)).await;
        call.success();
    }
    rates.reset();
    rates.try_acquire().unwrap().failure();
    rates.try_acquire().unwrap().failure();
    let rows = [
        ("closed", "open", "slow_rate", 1.0),
        ("closed", "open", "failure_rate", 1.0),
        ("open", "closed", "reset", 1.0),
    ];
    assert_eq!(transitions(&read(), "circuits::rates"), expected(&rows));
}
