//! Replays `cases/breaker.json`: what the test suites of other libraries expect of a breaker.

mod replay;

use std::collections::HashMap;
use std::hint::spin_loop;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use replay::{Call, Outcome, whole_seconds};
use resilience_runtime::{CircuitBreaker, CircuitOpenError, CircuitState, ConfigError};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, advance};

const CASES: &str = include_str!("cases/breaker.json");

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
    Reset,
    Observe,
    /// One that sets the state by hand.
    #[serde(alias = "trip", alias = "force_open", alias = "disable", alias = "enable", alias = "metrics_only")]
    Manual,
    /// A whole call.
    #[serde(untagged)]
    Call(Outcome),
}

/// The longest that a system has.
const COARSE_TICK: Duration = Duration::from_millis(10);

/// Why cases are not replayed, how many there are, and which.
type Skipped = (&'static str, usize, fn(&Case) -> bool);

/// The first reason that applies is the one that counts.
const SKIPPED: [Skipped; 6] = [
    ("the other side of a dispute", 9, |case| case.recommended == Some(false)),
    ("no option: failures counted over a window", 36, |case| case.config["rule"] != "consecutive"),
    ("no option: states set by hand", 6, |case| case.steps.iter().any(|step| matches!(step.op, Op::Manual))),
    ("no option: trials judged by a sample", 4, |case| case.config.contains_key("half_open")),
    ("no option: a limit on the time in half-open", 1, |case| case.config.contains_key("half_open_max_wait")),
    ("no option: a cooldown that grows", 5, |case| case.config.contains_key("cooldown_growth")),
];

impl Case {
    /// Only what the original specification has, too: never skipped.
    fn is_basic(&self) -> bool {
        self.tags.iter().any(|tag| tag == "spec")
    }

    fn breaker(&self) -> Result<CircuitBreaker, ConfigError> {
        let mut builder = CircuitBreaker::builder(self.id.clone());
        for (key, value) in &self.config {
            let count = || u32::deserialize(value).unwrap();
            let time = || Duration::from_secs_f64(f64::deserialize(value).unwrap());
            builder = match key.as_str() {
                "name" | "rule" => builder,
                "threshold" => builder.threshold(count()),
                "cooldown" => builder.cooldown(time()),
                "half_open_max" => builder.half_open_max(count()),
                "half_open_trial_timeout" => builder.trial_timeout(time()),
                other => panic!("{}: nobody has said what to do about `{other}`", self.id),
            };
        }
        builder.build()
    }

    async fn replay(&self) {
        let breaker = self.breaker();
        if self.expect_config.as_deref() == Some("rejected") {
            let error = breaker.expect_err(&self.id);
            assert!(self.why.as_deref().unwrap().starts_with(error.option()), "{}: {error}", self.id);
        } else {
            Replay::new(self, breaker.expect(&self.id)).run().await;
        }
    }

    /// How the call with this id is going to end.
    fn outcome(&self, id: &str) -> Outcome {
        let ends = |step: &Step| step.with.filter(|_| step.id == id);
        self.steps.iter().find_map(ends).unwrap_or(Outcome::Cancel)
    }
}

/// One case under way.
struct Replay<'a> {
    case: &'a Case,
    breaker: CircuitBreaker,
    running: HashMap<&'a str, Call>,
    began: Instant,
    /// When each step ended by the paused clock, in seconds, and the first and last of its stamps by the wall clock.
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

    /// Returns what admission came to, if the step asked for one.
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
            Op::Observe => None,
            Op::Manual => unreachable!("skipped"),
        }
    }

    fn check(&self, place: &str, step: &Step, admission: Option<&Result<(), CircuitOpenError>>) {
        let stats = self.breaker.stats();
        let remaining = whole_seconds(stats.cooldown_remaining);
        for (key, expected) in &step.expect {
            let actual = match key.as_str() {
                "admitted" => json!(admission.map(Result::is_ok)),
                "state" => json!(stats.state.as_str()),
                "failures" => json!(stats.failures),
                "successes" => json!(stats.successes),
                "remaining" => json!(remaining),
                "last_failure_at" => self.seconds_of(stats.last_failure),
                "last_success_at" => self.seconds_of(stats.last_success),
                other => panic!("{place}: nobody has said what to do about `{other}`"),
            };
            assert_eq!(actual, *expected, "{place}: {key}");
        }

        // What holds after every step, whether the case says so or not.
        assert_eq!(stats.state, self.breaker.state(), "{place}");
        assert_eq!(remaining > 0, stats.state == CircuitState::Open, "{place}: {stats:?}");
        if let Some(Err(open)) = admission {
            let told = whole_seconds(open.cooldown_remaining());
            match stats.state {
                CircuitState::Open => assert_eq!(told, remaining, "{place}"),
                _ => assert!(told > 0, "{place}: come back at once, and be rejected again"),
            }
        }
    }

    /// Stamps are of the coarse wall clock: with two ticks of it between them, steps can be told by their stamps.
    fn wait_for_the_stamps(&self) -> u128 {
        let last = SystemTime::now();
        if self.case.steps.iter().any(|step| step.expect.keys().any(|key| key.starts_with("last_"))) {
            while last.elapsed().is_ok_and(|waited| waited < 2 * COARSE_TICK) {
                spin_loop();
            }
        }
        wall_millis(SystemTime::now() - COARSE_TICK)
    }

    /// The second of the case in which this stamp was made.
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
async fn every_case_is_replayed_or_has_a_reason_not_to_be() {
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
    assert_eq!((replayed, basic), (52, 32));
}
