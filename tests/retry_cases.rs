//! Replays `cases/retry.json`: what the test suites of other libraries expect of a retry.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use resilience_runtime::{RetryBuilder, RetryIf, RetryPolicy, retry};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, advance, timeout};

const CASES: &str = include_str!("cases/retry.json");

#[derive(Deserialize)]
struct Case {
    id: String,
    group: String,
    config: Map<String, Value>,
    outcomes: Value,
    expect: Map<String, Value>,
    recommended: Option<bool>,
    why: Option<String>,
}

/// Why cases are not replayed, how many there are, and which.
type Skipped = (&'static str, usize, fn(&Case) -> bool);

/// The first reason that applies is the one that counts.
const SKIPPED: [Skipped; 9] = [
    ("the other side of a dispute", 2, |case| case.recommended == Some(false)),
    ("no option: a limit on the whole time", 3, |case| case.group == "elapsed"),
    ("no option: budgets", 23, |case| ["token_bucket", "budget"].contains(&&*case.group)),
    ("no option: hints of the server", 7, |case| case.group == "retry_after"),
    ("no option: jitter", 7, |case| case.group == "jitter" || case.sets("jitter")),
    ("no option: a longest delay", 10, |case| case.sets("max_delay")),
    ("no option: delays other than exponential", 3, |case| case.sets("increment") || case.sets("delays")),
    ("an Ok is final", 1, |case| case.sets("retry_on_result")),
    // F08: a cancelled call is a dropped future, and has no outcome. V01: a `Duration` is never negative.
    ("cannot be said", 2, |case| ["F08", "V01"].contains(&&*case.id)),
];

/// The error of an attempt.
#[derive(Debug)]
struct Failure {
    /// Counted from 1.
    attempt: usize,
    kind: String,
}

/// What can be seen of a call.
#[derive(Debug)]
struct Observed {
    /// When each attempt began.
    attempts: Vec<Instant>,
    /// None where the call was dropped.
    result: Option<Result<(), Failure>>,
}

impl Case {
    fn sets(&self, option: &str) -> bool {
        self.config.contains_key(option)
    }

    fn builder(&self) -> RetryBuilder {
        let mut builder = RetryPolicy::builder();
        for (key, value) in &self.config {
            builder = match key.as_str() {
                "max_attempts" => builder.max(u32::deserialize(value).unwrap()),
                "delay" => builder.delay(seconds(value)),
                "backoff" => builder.backoff(f64::deserialize(value).unwrap()),
                "retry_on" | "abort_on" => builder,
                other => panic!("{}: nobody has said what to do about `{other}`", self.id),
            };
        }
        builder
    }

    fn retry_if(&self) -> Option<impl Fn(&Failure) -> bool> {
        let (kinds, retried) = match (self.config.get("retry_on"), self.config.get("abort_on")) {
            (Some(kinds), None) => (kinds, true),
            (None, Some(kinds)) => (kinds, false),
            _ => return None,
        };
        let kinds = Vec::<String>::deserialize(kinds).unwrap();
        Some(move |failure: &Failure| kinds.contains(&failure.kind) == retried)
    }

    async fn replay(&self) {
        let policy = match self.builder().build() {
            Ok(policy) => policy,
            Err(error) => {
                // The cases say `max_attempts` where the option is `max`.
                assert_eq!(self.expect["config"], "rejected", "{}: {error}", self.id);
                assert!(self.why.as_deref().unwrap().starts_with(error.option()), "{}: {error}", self.id);
                return;
            }
        };
        match &self.outcomes {
            Value::Array(outcomes) => {
                let observed = match self.retry_if() {
                    Some(retry_if) => observe(&self.builder().retry_if(retry_if).build().unwrap(), outcomes).await,
                    None => observe(&policy, outcomes).await,
                };
                self.check(&observed);
            }
            Value::String(property) => {
                assert_eq!(property, "succeed on attempt k in 1..10", "{}", self.id);
                for k in 1..=10 {
                    let mut outcomes = vec![json!("fail"); k];
                    outcomes[k - 1] = json!("ok");
                    let observed = observe(&policy, &outcomes).await;
                    assert_eq!(observed.attempts.len(), k, "{}", self.id);
                    assert!(matches!(observed.result, Some(Ok(()))), "{}, k = {k}: {observed:?}", self.id);
                }
            }
            _ => {
                let expected = &self.expect["delay_before_retry"];
                let delay = policy.delay_after(u32::deserialize(&expected["n"]).unwrap());
                assert_eq!(expected["delay"], "largest representable", "{}", self.id);
                assert_eq!(delay, Duration::MAX, "{}", self.id);
            }
        }
    }

    fn check(&self, observed: &Observed) {
        let Self { id, expect, .. } = self;
        let Observed { attempts, result } = observed;
        for (key, expected) in expect {
            match key.as_str() {
                "attempts" => assert_eq!(json!(attempts.len()), *expected, "{id}: {observed:?}"),
                "delays" => {
                    let delays: Vec<_> = expected.as_array().unwrap().iter().map(seconds).collect();
                    let pauses: Vec<_> = attempts.windows(2).map(|pair| pair[1] - pair[0]).collect();
                    assert_eq!(pauses.len(), delays.len(), "{id}: {pauses:?}");
                    for (pause, delay) in pauses.into_iter().zip(delays) {
                        // The timer has steps of a millisecond, and never wakes too early. Zero does not touch it.
                        let latest = if delay.is_zero() { delay } else { delay + Duration::from_millis(1) };
                        assert!((delay..=latest).contains(&pause), "{id}: {pause:?} in place of {delay:?}");
                    }
                }
                "result" => match (expected.as_str().unwrap(), result) {
                    ("ok", Some(Ok(()))) | ("cancelled_or_last_error", None) => {}
                    ("last_error", Some(Err(failure))) => assert_eq!(failure.attempt, attempts.len(), "{id}"),
                    ("error:fatal", Some(Err(failure))) => assert_eq!(failure.kind, "fatal", "{id}"),
                    _ => panic!("{id}: {result:?} in place of {expected}"),
                },
                // A closure sends what it likes; see `an_argument_is_the_same_each_time`.
                "same_request_each_time" => {}
                other => panic!("{id}: nobody has said what to do about `{other}`"),
            }
        }
    }
}

/// Calls a function whose attempts have these outcomes; one attempt more than there are is a panic.
async fn observe<P: RetryIf<Failure>>(policy: &RetryPolicy<P>, outcomes: &[Value]) -> Observed {
    // Off the steps of the timer, where even a sleep of zero takes some time.
    advance(Duration::from_micros(300)).await;
    let attempts = RefCell::new(Vec::new());
    let call = policy.call(async || {
        attempts.borrow_mut().push(Instant::now());
        let attempt = attempts.borrow().len();
        match &outcomes[attempt - 1] {
            outcome if outcome == "ok" => Ok(()),
            outcome if outcome == "fail" => Err(Failure { attempt, kind: String::new() }),
            outcome => {
                assert_eq!(outcome["result"], "fail");
                Err(Failure { attempt, kind: outcome["kind"].as_str().unwrap().to_owned() })
            }
        }
    });
    let result = if outcomes.iter().any(|outcome| outcome.get("cancel_during_sleep").is_some()) {
        let dropped = timeout(policy.delay_after(1) / 2, call).await.ok();
        advance(policy.delay_after(1)).await;
        dropped
    } else {
        Some(call.await)
    };
    Observed { attempts: attempts.into_inner(), result }
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs_f64(f64::deserialize(value).unwrap())
}

#[tokio::test(start_paused = true)]
async fn every_case_is_replayed_or_has_a_reason_not_to_be() {
    let cases: Vec<Case> = serde_json::from_str(CASES).unwrap();
    let mut replayed = BTreeMap::<_, usize>::new();
    let mut skipped = [0; SKIPPED.len()];
    for case in &cases {
        if let Some(reason) = SKIPPED.iter().position(|(_, _, applies)| applies(case)) {
            println!("{} is skipped: {}", case.id, SKIPPED[reason].0);
            skipped[reason] += 1;
        } else {
            case.replay().await;
            *replayed.entry(&*case.group).or_default() += 1;
        }
    }
    assert_eq!(skipped, SKIPPED.map(|(_, cases, _)| cases));
    let groups = [("attempts", 8), ("delays", 8), ("filters", 3), ("overflow", 1), ("config_validation", 1)];
    assert_eq!(replayed, BTreeMap::from(groups));
}

/// Case A11 asks for it: each attempt sends what the first one sent.
#[tokio::test(start_paused = true)]
async fn an_argument_is_the_same_each_time() {
    #[retry(max = 4, delay = 0.01, backoff = 1, clone(request))]
    async fn send(request: String, sent: &RefCell<Vec<String>>) -> Result<usize, &'static str> {
        sent.borrow_mut().push(request);
        let attempts = sent.borrow().len();
        if attempts < 3 { Err("down") } else { Ok(attempts) }
    }

    let sent = RefCell::default();
    assert_eq!(send("hello".to_owned(), &sent).await, Ok(3));
    assert_eq!(sent.into_inner(), ["hello"; 3]);
}
