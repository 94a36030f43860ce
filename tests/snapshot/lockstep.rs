//! Copies the state of a random circuit, as JSON, to a circuit with another name. Afterwards, both circuits receive the
//! same calls, and must give the same answers.

use std::time::Duration;

use proptest::prelude::*;
use resilience_runtime::{CircuitBreaker, CircuitBuilder, CircuitStats};
use support::paused_runtime;
use tokio::time::advance;

use crate::{alone, restored, taken, with_one};

#[derive(Clone, Copy, Debug)]
enum Rule {
    Row(u32),
    InCalls(u32, u32),
    InTime(u32, u64),
    RatesOfCalls(u32, u32),
    RatesOfTime(u32, u64),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// A call that takes this number of milliseconds, and has this outcome.
    Call(u64, Outcome),
    Pass(u64),
    Trip,
    ForceOpen,
    Disable,
    Reset,
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Success,
    Failure,
    Hint(u64),
    Ignored,
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![
        (1..5_u32).prop_map(Rule::Row),
        (1..5_u32, 5..80_u32).prop_map(|(threshold, calls)| Rule::InCalls(threshold, calls)),
        (1..5_u32, 1..90_000_u64).prop_map(|(threshold, millis)| Rule::InTime(threshold, millis)),
        (1..5_u32, 5..80_u32).prop_map(|(min, calls)| Rule::RatesOfCalls(min, calls)),
        (1..5_u32, 1..90_000_u64).prop_map(|(min, millis)| Rule::RatesOfTime(min, millis)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        8 => Just(Outcome::Success),
        6 => Just(Outcome::Failure),
        1 => (0..90_000_u64).prop_map(Outcome::Hint),
        1 => Just(Outcome::Ignored),
    ];
    prop_oneof![
        20 => (prop_oneof![Just(0), 0..3_000_u64], outcome).prop_map(|(time, outcome)| Step::Call(time, outcome)),
        8 => (0..40_000_u64).prop_map(Step::Pass),
        1 => Just(Step::Trip),
        1 => Just(Step::ForceOpen),
        1 => Just(Step::Disable),
        1 => Just(Step::Reset),
    ]
}

fn built(name: String, rule: Rule, factor: f64, half_open_max: u32) -> CircuitBuilder {
    let millis = Duration::from_millis;
    let builder = CircuitBreaker::builder(name).cooldown(millis(12_345)).cooldown_factor(factor);
    let builder = builder.max_cooldown(millis(70_000)).half_open_max(half_open_max);
    let rates =
        |builder: CircuitBuilder, min| builder.failure_rate(0.5).slow_rate(0.8).slow_call(millis(1_000)).min_calls(min);
    match rule {
        Rule::Row(threshold) => builder.threshold(threshold),
        Rule::InCalls(threshold, calls) => builder.threshold(threshold).calls(calls),
        Rule::InTime(threshold, time) => builder.threshold(threshold).window(millis(time)),
        Rule::RatesOfCalls(min, calls) => rates(builder.calls(calls), min),
        Rule::RatesOfTime(min, time) => rates(builder.window(millis(time)), min),
    }
}

/// Applies a step to the circuits, and checks that their answers (admission or rejection) are equal.
async fn apply(step: Step, circuits: &[&CircuitBreaker]) {
    match step {
        Step::Pass(millis) => advance(Duration::from_millis(millis)).await,
        Step::Trip => circuits.iter().for_each(|circuit| circuit.trip()),
        Step::ForceOpen => circuits.iter().for_each(|circuit| circuit.force_open()),
        Step::Disable => circuits.iter().for_each(|circuit| circuit.disable()),
        Step::Reset => circuits.iter().for_each(|circuit| circuit.reset()),
        Step::Call(millis, outcome) => {
            let calls: Vec<_> = circuits.iter().map(|circuit| circuit.try_acquire()).collect();
            let rest = |call: &Result<_, resilience_runtime::CircuitOpenError>| {
                call.as_ref().err().map(|open| (open.state(), open.retry_after()))
            };
            assert!(calls.windows(2).all(|pair| rest(&pair[0]) == rest(&pair[1])), "{calls:?}");
            advance(Duration::from_millis(millis)).await;
            for call in calls.into_iter().flatten() {
                match outcome {
                    Outcome::Success => call.success(),
                    Outcome::Failure => call.failure(),
                    Outcome::Hint(millis) => call.failure_retry_after(Duration::from_millis(millis)),
                    Outcome::Ignored => call.ignore(),
                }
            }
        }
    }
}

/// Returns the statistics that must be equal in both circuits. Leaves out the name and the totals. Also leaves out the
/// number of successes, because a restored circuit counts successes from zero.
fn observable(circuit: &CircuitBreaker) -> impl PartialEq + std::fmt::Debug {
    let CircuitStats { state, failures, cooldown_remaining, window_total, window_failures, window_slow, .. } =
        circuit.stats();
    (state, failures, cooldown_remaining, window_total, window_failures, window_slow)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn restored_circuit_behaves_as_the_old_one(
        rule in rule(),
        factor in prop_oneof![Just(1.0), Just(1.7)],
        half_open_max in 1..3_u32,
        before in prop::collection::vec(step(), 0..60),
        after in prop::collection::vec(step(), 0..60),
        is_waiting in any::<bool>(),
    ) {
        let _alone = alone();
        let names = ["old", "new"].map(|end| format!("lockstep {end} {}", proptest_number()));
        let builder = |name: &String| built(name.clone(), rule, factor, half_open_max);
        paused_runtime().block_on(async {
            let old = builder(&names[0]).register().unwrap();
            for step in before {
                apply(step, &[&old]).await;
            }
            // A snapshot does not contain the successful trials of a half-open circuit. The old circuit must forget its
            // successful trials, too, so the test opens this circuit again.
            if old.state() == resilience_runtime::CircuitState::HalfOpen {
                old.trip();
                advance(old.stats().cooldown_remaining).await;
            }
            let state = taken("circuits", old.name());
            let known = (!is_waiting).then(|| builder(&names[1]).register().unwrap());
            if !state.is_null() {
                restored(&with_one("circuits", &names[1], &state));
            }
            let new = known.unwrap_or_else(|| builder(&names[1]).register().unwrap());
            assert_eq!(observable(&new), observable(&old), "{state}");
            assert_eq!(new.stats().last_failure, old.stats().last_failure);
            assert_eq!(new.stats().last_success, old.stats().last_success);
            let again = taken("circuits", &names[1]);
            assert_eq!(again, state, "a second snapshot is equal");
            // A snapshot leaves out a circuit with an empty window, so the new circuit starts its window now. The reset
            // makes the old circuit start its window at the same time.
            if state.is_null() {
                old.reset();
            }
            for step in after {
                apply(step, &[&old, &new]).await;
                assert_eq!(observable(&new), observable(&old), "{step:?} after {state}");
            }
        });
        assert!(names.iter().all(|name| resilience_runtime::unregister(name)));
    }
}

/// Returns a number that is unique in this process.
fn proptest_number() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
