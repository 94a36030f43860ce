//! Runs the test cases of `breaker.json`. The cases come from the test suites of other circuit-breaker libraries.

use std::collections::HashMap;
use std::hint::spin_loop;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use resilience_runtime::{CircuitBreaker, CircuitOpenError, CircuitState, ConfigError};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use support::{Call, Outcome, whole_seconds};
use tokio::time::{Instant, advance};

const CASES: &str = include_str!("breaker.json");

#[derive(Deserialize)]
struct Case {
    id: String,
    config: Map<String, Value>,
    expect_config: Option<String>,
    why: Option<String>,
    recommended: Option<bool>,
    #[serde(default)]
    tags: Vec<String>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
struct Step {
    op: Op,
    #[serde(default)]
    s: f64,
    #[serde(default)]
    took: f64,
    #[serde(default)]
    id: String,
    with: Option<Outcome>,
    expect: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Op {
    Start,
    Finish,
    Advance,
    #[serde(alias = "enable", alias = "force_release")]
    Reset,
    Observe,
    Trip,
    ForceOpen,
    Disable,
    MetricsOnly,
    #[serde(untagged)]
    Call(Outcome),
}

#[derive(Deserialize)]
struct Growth {
    factor: f64,
    max: f64,
}

/// An upper bound of the time between two ticks of the operating system's coarse wall clock. A breaker takes its time
/// stamps from this clock.
const COARSE_TICK: Duration = Duration::from_millis(10);

/// The reason to skip some cases, the number of these cases, and a function that selects the cases.
type Skipped = (&'static str, usize, fn(&Case) -> bool);

/// If several entries select the same case, only the first of these entries counts the case.
const SKIPPED: [Skipped; 5] = [
    ("the other side of a dispute", 9, |case| case.recommended == Some(false)),
    ("optional: a state that only counts", 1, |case| case.steps.iter().any(|step| matches!(step.op, Op::MetricsOnly))),
    ("optional: trials judged by a sample", 6, |case| case.config.contains_key("half_open")),
    ("optional: a limit on the time in half-open", 1, |case| case.config.contains_key("half_open_max_wait")),
    ("optional: a window that tumbles", 1, |case| case.config.contains_key("tumbling")),
];

/// An entry contains the ID of a case, and the name of a statistic that the test does not compare. The case
/// `T15-rolling-buckets` counts `successes` since the circuit last became half-open. This library counts `successes`
/// since the circuit last closed.
const DIFFERENT: [(&str, &str); 1] = [("T15-rolling-buckets", "successes")];

impl Case {
    /// Returns whether the case uses only options of this project's original specification (a Python circuit breaker).
    /// The test skips none of these cases.
    fn is_basic(&self) -> bool {
        self.tags.iter().any(|tag| tag == "spec")
    }

    fn breaker(&self) -> Result<CircuitBreaker, ConfigError> {
        let mut builder = CircuitBreaker::builder(self.id.clone());
        for (key, value) in &self.config {
            let count = || u32::deserialize(value).unwrap();
            let number = || f64::deserialize(value).unwrap();
            let time = || Duration::from_secs_f64(number());
            builder = match key.as_str() {
                "name" | "rule" => builder,
                "threshold" | "failures" => builder.threshold(count()),
                "window" => builder.calls(count()),
                "window_s" => builder.window(time()),
                "rate" => builder.failure_rate(number()),
                "min_calls" => builder.min_calls(count()),
                "slow_s" => builder.slow_call(time()),
                "slow_rate" => builder.slow_rate(number()),
                "cooldown_growth" => {
                    let Growth { factor, max } = Growth::deserialize(value).unwrap();
                    builder.cooldown_factor(factor).max_cooldown(Duration::from_secs_f64(max))
                }
                "cooldown" => builder.cooldown(time()),
                "half_open_max" => builder.half_open_max(count()),
                "half_open_trial_timeout" => builder.trial_timeout(time()),
                other => panic!("{}: unknown key `{other}`", self.id),
            };
        }
        builder.build()
    }

    async fn replay(&self) {
        let breaker = self.breaker();
        if self.expect_config.as_deref() == Some("rejected") {
            let error = breaker.expect_err(&self.id);
            let why = self.why.as_deref().unwrap();
            // Translates the names of two options of this library into the names that the cases use.
            let option = match error.option() {
                "failure_rate" => "rate",
                "calls" => "window",
                option => option,
            };
            assert!(why.starts_with(option), "{}: {error}, not {why}", self.id);
        } else {
            Replay::new(self, breaker.expect(&self.id)).run().await;
        }
    }

    /// Finds the step that ends the call `id`, and returns the outcome in this step. If no step ends the call, returns
    /// `Outcome::Cancel`, because the test drops all running calls at the end of a case.
    fn outcome(&self, id: &str) -> Outcome {
        let ends = |step: &Step| step.with.filter(|_| step.id == id);
        self.steps.iter().find_map(ends).unwrap_or(Outcome::Cancel)
    }
}

struct Replay<'a> {
    case: &'a Case,
    breaker: CircuitBreaker,
    running: HashMap<&'a str, Call>,
    began: Instant,
    /// An entry for each finished step of the case. The first element is the time on the paused clock at the end of the
    /// step, in seconds since the start of the case. The second element, an array, contains the earliest and the latest
    /// time stamp that the breaker may have stored during the step, in milliseconds since 1970.
    journal: Vec<(u64, [u128; 2])>,
}

impl<'a> Replay<'a> {
    fn new(case: &'a Case, breaker: CircuitBreaker) -> Self {
        Self { case, breaker, running: HashMap::new(), began: Instant::now(), journal: Vec::new() }
    }

    async fn run(mut self) {
        for (index, step) in self.case.steps.iter().enumerate() {
            let place = format!("{}, step {index}", self.case.id);
            let begun = self.wait_for_the_stamps();
            let admission = self.apply(step).await;
            self.journal.push((self.began.elapsed().as_secs(), [begun, wall_millis(SystemTime::now())]));
            self.check(&place, step, admission.as_ref());
        }
    }

    /// Runs a step of the case. Returns `None` if the step starts no call. Returns an error if the breaker rejects the
    /// call.
    async fn apply(&mut self, step: &'a Step) -> Option<Result<(), CircuitOpenError>> {
        match step.op {
            Op::Call(outcome) => Some(match Call::start(&self.breaker, outcome).await {
                Ok(call) => {
                    advance(Duration::from_secs_f64(step.took)).await;
                    call.finish().await;
                    Ok(())
                }
                Err(open) => Err(open),
            }),
            Op::Start => {
                let started = Call::start(&self.breaker, self.case.outcome(&step.id)).await;
                Some(started.map(|call| assert!(self.running.insert(&step.id, call).is_none())))
            }
            Op::Finish => {
                self.running.remove(step.id.as_str()).expect("a call under way").finish().await;
                None
            }
            Op::Advance => {
                advance(Duration::from_secs_f64(step.s)).await;
                None
            }
            Op::Reset => {
                self.breaker.reset();
                None
            }
            Op::Trip => {
                self.breaker.trip();
                None
            }
            Op::ForceOpen => {
                self.breaker.force_open();
                None
            }
            Op::Disable => {
                self.breaker.disable();
                None
            }
            Op::Observe => None,
            Op::MetricsOnly => unreachable!("skipped"),
        }
    }

    fn check(&self, place: &str, step: &Step, admission: Option<&Result<(), CircuitOpenError>>) {
        let stats = self.breaker.stats();
        let remaining = whole_seconds(stats.cooldown_remaining);
        for (key, expected) in &step.expect {
            if DIFFERENT.contains(&(&self.case.id, key)) {
                continue;
            }
            let actual = match key.as_str() {
                "admitted" => json!(admission.map(Result::is_ok)),
                "state" => json!(stats.state.as_str()),
                "failures" => json!(stats.failures),
                "successes" => json!(stats.successes),
                "remaining" => json!(remaining),
                "window_total" => json!(stats.window_total),
                "window_failures" => json!(stats.window_failures),
                "window_slow" => json!(stats.window_slow),
                "last_failure_at" => self.seconds_of(stats.last_failure),
                "last_success_at" => self.seconds_of(stats.last_success),
                other => panic!("{place}: unknown key `{other}`"),
            };
            assert_eq!(actual, *expected, "{place}: {key}");
        }

        assert_eq!(stats.state, self.breaker.state(), "{place}");
        assert_eq!(remaining > 0, stats.state == CircuitState::Open, "{place}: {stats:?}");
        if let Some(Err(open)) = admission {
            let told = whole_seconds(open.retry_after());
            match stats.state {
                CircuitState::Open => assert_eq!(told, remaining, "{place}"),
                _ => assert!(told > 0, "{place}: a caller that returns at once is rejected again"),
            }
        }
    }

    /// If the case expects time stamps, waits for two ticks of the operating system's coarse wall clock, so that each
    /// step has a different time stamp. Returns the earliest possible time stamp of the next step, in milliseconds
    /// since 1970.
    fn wait_for_the_stamps(&self) -> u128 {
        let last = SystemTime::now();
        if self.case.steps.iter().any(|step| step.expect.keys().any(|key| key.starts_with("last_"))) {
            while last.elapsed().is_ok_and(|waited| waited < 2 * COARSE_TICK) {
                spin_loop();
            }
        }
        wall_millis(SystemTime::now() - COARSE_TICK)
    }

    /// Finds the step during which the breaker took the time stamp `stamp`. Returns the time on the paused clock at the
    /// end of this step, in seconds since the start of the case.
    fn seconds_of(&self, stamp: Option<SystemTime>) -> Value {
        let Some(stamp) = stamp.map(wall_millis) else { return Value::Null };
        let made = self.journal.iter().find(|(_, [begun, ended])| (begun..=ended).contains(&&stamp));
        made.map_or(json!("at no step"), |(second, _)| json!(second))
    }
}

fn wall_millis(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).expect("a clock that is set").as_millis()
}

#[tokio::test(start_paused = true)]
async fn every_case_is_replayed_or_skipped_with_reason() {
    let cases: Vec<Case> = serde_json::from_str(CASES).unwrap();
    let (mut replayed, mut basic) = (0, 0);
    let mut skipped = [0; SKIPPED.len()];
    for case in &cases {
        if let Some(reason) = SKIPPED.iter().position(|(_, _, applies)| applies(case)) {
            println!("{} is skipped: {}", case.id, SKIPPED[reason].0);
            skipped[reason] += 1;
        } else {
            case.replay().await;
            replayed += 1;
            basic += usize::from(case.is_basic());
        }
    }
    assert_eq!(skipped, SKIPPED.map(|(_, cases, _)| cases));
    assert_eq!((replayed, basic), (95, 32));
}
