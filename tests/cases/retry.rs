//! Runs the test cases of `retry.json`. The cases come from the retry tests of other libraries.

mod budget;
mod jitter;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use resilience_runtime::{Accepts, ConfigError, RetryBudget, RetryBuilder, RetryCost, RetryPolicy, TokenBucket, retry};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, advance, timeout};

const CASES: &str = include_str!("retry.json");

/// A retry budget (a limit on the number of retries) that never runs out. Cases without a budget of their own use this
/// budget.
static PLENTY: RetryBudget = RetryBudget::bucket(TokenBucket { capacity: u32::MAX, ..TokenBucket::DEFAULT });

#[derive(Deserialize)]
struct Case {
    id: String,
    group: String,
    config: Map<String, Value>,
    outcomes: Value,
    expect: Map<String, Value>,
    recommended: Option<bool>,
    optional: Option<bool>,
    why: Option<String>,
}

/// The reason to skip some cases, the number of these cases, and a function that selects the cases.
type Skipped = (&'static str, usize, fn(&Case) -> bool);

/// If several entries select the same case, only the first of these entries counts the case.
const SKIPPED: [Skipped; 7] = [
    ("the other side of a dispute", 2, |case| case.recommended == Some(false)),
    ("another answer to a hint than R4's", 6, |case| case.group == "retry_after" && case.recommended.is_none()),
    // Case D18 allows a `delay` that is longer than `max_delay`. Case V03 and this library refuse such a delay.
    ("a delay above the longest is capped", 1, |case| case.id == "D18"),
    ("no option: fractions of a token", 2, |case| case.group == "token_bucket" && case.optional == Some(true)),
    ("no option: other jitters than the three", 3, |case| ["J05", "J06", "V06"].contains(&&*case.id)),
    ("no option: delays other than exponential", 4, |case| case.sets("increment") || case.sets("delays")),
    // Case F08 expects an error from a cancelled call. In Rust, a cancelled call is a dropped future, which returns
    // nothing. Case V01 sets a negative delay, which a `Duration` cannot express.
    ("cannot be said", 2, |case| ["F08", "V01"].contains(&&*case.id)),
];

#[derive(Debug)]
struct Failure {
    /// The number of the attempt, from 1.
    attempt: usize,
    kind: String,
    retry_after: Option<Duration>,
}

fn throttled(failure: &Failure) -> Option<Duration> {
    (failure.kind == "throttle").then_some(Duration::from_secs(1))
}

#[derive(Debug)]
struct Observed {
    /// The number of tokens in the retry budget after each attempt.
    tokens: Vec<u64>,
    attempts: Vec<Instant>,
    /// The result of the call, or `None` if the call was dropped.
    result: Option<Result<u64, Failure>>,
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
                "max_delay" => builder.max_delay(seconds(value)),
                "max_elapsed" | "limit" => builder.max_elapsed(seconds(value)),
                // `RetryBuilder` has no methods for these keys. Other functions of this test read some of the keys. The
                // remaining keys describe behaviour that the library always has.
                "retry_on" | "abort_on" | "retry_on_result" | "formula" | "stop" | "hint_rule" | "throttle_delay"
                | "bucket" => builder,
                other => panic!("{}: unknown option `{other}`", self.id),
            };
        }
        builder
    }

    fn policy(&self, budget: Option<&'static RetryBudget>) -> Result<RetryPolicy<Failure, u64>, ConfigError> {
        let kinds = |key: &str| self.config.get(key).map(|kinds| Vec::<String>::deserialize(kinds).unwrap());
        let (retry_on, abort_on) = (kinds("retry_on"), kinds("abort_on"));
        let on_result = self.sets("retry_on_result");
        self.builder()
            .budget(budget.unwrap_or(&PLENTY))
            .retry_if(move |failure: &Failure| {
                retry_on.as_ref().is_none_or(|kinds| kinds.contains(&failure.kind))
                    && !abort_on.as_ref().is_some_and(|kinds| kinds.contains(&failure.kind))
            })
            .retry_if_ok(move |value: &u64| on_result && *value < 2)
            .retry_after(|failure: &Failure| failure.retry_after)
            .retry_after(throttled)
            .cost(|failure: &Failure| if failure.kind == "throttle" { RetryCost::Throttle } else { RetryCost::Failure })
            .build()
    }

    async fn replay(&self) {
        match &*self.group {
            "elapsed" if self.expect.contains_key("table") => return self.replay_elapsed().await,
            "jitter" => return self.replay_jitter().await,
            "budget" => return self.replay_ratio().await,
            "token_bucket" if self.outcomes.is_null() => return self.replay_bucket().await,
            _ => {}
        }
        let budget = self.sets("bucket").then(|| self.budget());
        let policy = match self.policy(budget) {
            Ok(policy) => policy,
            Err(error) => {
                // A case may contain the name `max_attempts` for the option that the error calls `max`. The test
                // therefore checks only that the field `why` of the case contains the option name of the error.
                assert_eq!(self.expect["config"], "rejected", "{}: {error}", self.id);
                assert!(self.why.as_deref().unwrap().contains(error.option()), "{}: {error}", self.id);
                return;
            }
        };
        match &self.outcomes {
            Value::Array(outcomes) => {
                let observed = observe(&policy, budget, outcomes).await;
                self.check(&observed);
            }
            Value::String(property) => {
                assert_eq!(property, "succeed on attempt k in 1..10", "{}", self.id);
                for k in 1..=10 {
                    let mut outcomes = vec![json!("fail"); k];
                    outcomes[k - 1] = json!("ok");
                    let observed = observe(&policy, None, &outcomes).await;
                    assert_eq!(observed.attempts.len(), k, "{}", self.id);
                    assert!(matches!(observed.result, Some(Ok(_))), "{}, k = {k}: {observed:?}", self.id);
                }
            }
            _ => {
                let expected = &self.expect["delay_before_retry"];
                let delay = policy.delay_after(u32::deserialize(&expected["n"]).unwrap());
                let largest = expected["delay"] == "largest representable";
                let expected = if largest { Duration::MAX } else { seconds(&expected["delay"]) };
                assert_eq!(delay, expected, "{}", self.id);
            }
        }
    }

    /// Makes a call for each row of a table about the option `max_elapsed`. In the row `[0.999, "retry"]`, the first
    /// attempt fails after 0.999 seconds, and another attempt must follow. In the row `[[3, 1.8], "stop"]`, the third
    /// attempt fails after 1.8 seconds, and must be the last attempt.
    async fn replay_elapsed(&self) {
        for row in self.expect["table"].as_array().unwrap() {
            let (fails, elapsed) = match &row[0] {
                Value::Array(at) => (u32::deserialize(&at[0]).unwrap(), seconds(&at[1])),
                elapsed => (1, seconds(elapsed)),
            };
            // The pauses are only 1 µs long, so that they do not exceed `max_elapsed`.
            let max = self.config.get("max_attempts").map_or(9, |max| u32::deserialize(max).unwrap());
            let policy = self.builder().max(max).delay(Duration::from_micros(1)).backoff(1.0).build().unwrap();
            let (begin, attempts) = (Instant::now(), Cell::new(0));
            let call = policy.call(async || {
                attempts.set(attempts.get() + 1);
                if attempts.get() == fails {
                    advance(elapsed.saturating_sub(begin.elapsed())).await;
                }
                if attempts.get() <= fails { Err("down") } else { Ok(()) }
            });
            let again = call.await.is_ok();
            assert_eq!(again, row[1] == "retry", "{}: {row}", self.id);
        }
    }

    fn check(&self, observed: &Observed) {
        let Self { id, expect, .. } = self;
        let Observed { tokens, attempts, result } = observed;
        for (key, expected) in expect {
            match key.as_str() {
                "attempts" => assert_eq!(json!(attempts.len()), *expected, "{id}: {observed:?}"),
                "delays" => {
                    let delays: Vec<_> = expected.as_array().unwrap().iter().map(seconds).collect();
                    let pauses: Vec<_> = attempts.windows(2).map(|pair| pair[1] - pair[0]).collect();
                    assert_eq!(pauses.len(), delays.len(), "{id}: {pauses:?}");
                    for (pause, delay) in pauses.into_iter().zip(delays) {
                        // A pause may be up to 1 ms longer than its delay, because tokio's timer rounds up to steps of
                        // 1 ms. A delay of zero does not use the timer, so its pause must also be zero.
                        let latest = if delay.is_zero() { delay } else { delay + Duration::from_millis(1) };
                        assert!((delay..=latest).contains(&pause), "{id}: {pause:?} in place of {delay:?}");
                    }
                }
                "result" => match (expected.as_str().unwrap(), result) {
                    ("ok", Some(Ok(_))) | ("cancelled_or_last_error", None) => {}
                    ("last_error", Some(Err(failure))) => assert_eq!(failure.attempt, attempts.len(), "{id}"),
                    ("error:fatal", Some(Err(failure))) => assert_eq!(failure.kind, "fatal", "{id}"),
                    _ => panic!("{id}: {result:?} in place of {expected}"),
                },
                "value" => assert_eq!(json!(result.as_ref().unwrap().as_ref().unwrap()), *expected, "{id}"),
                "tokens" => assert_eq!(json!(tokens), *expected, "{id}"),
                // The test `argument_is_the_same_in_each_attempt` checks this key, because the attempts in `observe`
                // have no argument.
                "same_request_each_time" => {}
                other => panic!("{id}: unknown key `{other}`"),
            }
        }
    }
}

/// Makes one call through `policy`. `outcomes` contains the outcome of each attempt. An attempt without an entry in
/// `outcomes` panics.
async fn observe<E: Accepts<Failure> + ?Sized, T: Accepts<u64> + ?Sized>(
    policy: &RetryPolicy<E, T>,
    budget: Option<&RetryBudget>,
    outcomes: &[Value],
) -> Observed {
    // Moves the paused clock to a time between two ticks of tokio's timer, which are 1 ms apart. If a call began
    // exactly at a tick, even a sleep of zero would take time.
    advance(Duration::from_micros(300)).await;
    let attempts = RefCell::new(Vec::new());
    let tokens = RefCell::new(Vec::new());
    let look = || tokens.borrow_mut().extend(budget.map(|budget| budget.stats().tokens));
    let call = policy.call(async || {
        if !attempts.borrow().is_empty() {
            look();
        }
        attempts.borrow_mut().push(Instant::now());
        let attempt = attempts.borrow().len();
        let outcome = &outcomes[attempt - 1];
        if outcome == "ok" || outcome["result"] == "ok" {
            return Ok(outcome["value"].as_u64().unwrap_or_default());
        }
        assert!(outcome == "fail" || outcome["result"] == "fail", "{outcome}");
        let kind = outcome["kind"].as_str().unwrap_or_default().to_owned();
        Err(Failure { attempt, kind, retry_after: outcome.get("retry_after").map(seconds) })
    });
    let result = if outcomes.iter().any(|outcome| outcome.get("cancel_during_sleep").is_some()) {
        let dropped = timeout(policy.delay_after(1) / 2, call).await.ok();
        advance(policy.delay_after(1)).await;
        dropped
    } else {
        Some(call.await)
    };
    look();
    Observed { tokens: tokens.into_inner(), attempts: attempts.into_inner(), result }
}

fn seconds(value: &Value) -> Duration {
    Duration::from_secs_f64(f64::deserialize(value).unwrap())
}

#[tokio::test(start_paused = true)]
async fn every_case_is_replayed_or_skipped_with_reason() {
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
    let groups = [("attempts", 8), ("delays", 12), ("filters", 4), ("overflow", 4), ("config_validation", 2)];
    let groups = groups.into_iter().chain([
        ("elapsed", 3),
        ("retry_after", 1),
        ("jitter", 4),
        ("token_bucket", 12),
        ("budget", 9),
    ]);
    assert_eq!(replayed, groups.collect());
}

#[tokio::test(start_paused = true)]
async fn argument_is_the_same_in_each_attempt() {
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
