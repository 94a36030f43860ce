//! Runs random sequences of operations on a breaker. Compares the results with the results of the Python breaker from
//! this project's original specification.
//!
//! The test reads recorded sequences from `sequences.jsonl`, or from the file that the environment variable
//! `RESILIENCE_SEQUENCES` names. `record.py` records the sequences and documents their format. `.ci/differential` runs
//! the test with new sequences.

use std::env;
use std::fs::read_to_string;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState};
use serde::Deserialize;
use support::{Call, Outcome, whole_seconds};
use tokio::time::advance;

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential/sequences.jsonl");

#[derive(Deserialize)]
struct Sequence {
    threshold: u32,
    cooldown: u64,
    steps: Vec<Step>,
}

/// An operation of a sequence. In the file of recorded sequences, an operation is an array of these three fields.
#[derive(Deserialize)]
struct Step {
    op: Op,
    seconds: f64,
    answer: Answer,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Op {
    Advance,
    Reset,
    Observe,
    #[serde(untagged)]
    Call(Outcome),
}

/// The state of a breaker after an operation.
///
/// Every sequence has a `half_open_max` of 1. With other values, the library and the Python breaker count `successes`
/// differently. The test does not compare the times of the last failure and the last success, because the two breakers
/// read different clocks. `has_failed` and `has_succeeded` tell whether these times exist.
#[derive(Debug, PartialEq, Deserialize)]
struct Answer {
    admitted: Option<bool>,
    state: String,
    failures: u64,
    successes: u64,
    remaining: u64,
    has_failed: bool,
    has_succeeded: bool,
}

async fn apply(breaker: &CircuitBreaker, step: &Step, place: &str) -> Answer {
    let time = Duration::from_secs_f64(step.seconds);
    let mut admitted = None;
    let mut told = None;
    match step.op {
        Op::Advance => advance(time).await,
        Op::Reset => breaker.reset(),
        Op::Observe => {}
        Op::Call(outcome) => match Call::start(breaker, outcome).await {
            Ok(call) => {
                admitted = Some(true);
                advance(time).await;
                call.finish().await;
            }
            Err(open) => {
                admitted = Some(false);
                told = Some(whole_seconds(open.retry_after()));
            }
        },
    }
    let stats = breaker.stats();
    let remaining = whole_seconds(stats.cooldown_remaining);
    if let Some(told) = told {
        assert_eq!((stats.state, told), (CircuitState::Open, remaining), "{place}: a rejection and the stats");
    }
    Answer {
        admitted,
        state: stats.state.to_string(),
        failures: stats.failures,
        successes: stats.successes,
        remaining,
        has_failed: stats.last_failure.is_some(),
        has_succeeded: stats.last_success.is_some(),
    }
}

#[tokio::test(start_paused = true)]
async fn breaker_answers_as_the_specification() {
    let path = env::var("RESILIENCE_SEQUENCES").unwrap_or_else(|_| RECORDED.to_owned());
    let recorded = read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let (mut sequences, mut steps) = (0, 0);
    for line in recorded.lines() {
        sequences += 1;
        let sequence: Sequence = serde_json::from_str(line).unwrap();
        let breaker = CircuitBreaker::builder("differential")
            .threshold(sequence.threshold)
            .cooldown(Duration::from_secs(sequence.cooldown))
            .build()
            .unwrap();
        for (index, step) in sequence.steps.iter().enumerate() {
            steps += 1;
            let place = format!("{path}:{sequences}, step {index}, {:?}", step.op);
            assert_eq!(apply(&breaker, step, &place).await, step.answer, "{place}");
        }
    }
    println!("{sequences} sequences with {steps} operations");
    // Fails if the file is truncated. A complete file contains at least 250 sequences of at least 10 operations each.
    assert!(sequences >= 250 && steps >= 10 * sequences, "{sequences} sequences with {steps} operations");
}
