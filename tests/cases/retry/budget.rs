//! Runs the cases of `retry.json` about retry budgets (limits on the number of retries).

use std::cell::Cell;
use std::time::Duration;

use resilience_runtime::{RetryBudget, RetryCost, RetryPolicy, RetryRatio, TokenBucket};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::advance;

use super::{Case, seconds};

impl Case {
    /// Creates and leaks the budget of the case.
    pub(super) fn budget(&self) -> &'static RetryBudget {
        Box::leak(Box::new(match (self.config.get("bucket"), self.config.get("budget")) {
            (Some(bucket), _) => {
                let get = |key: &str| u32::deserialize(&bucket[key]).unwrap();
                RetryBudget::bucket(TokenBucket {
                    capacity: get("capacity"),
                    retry_cost: get("cost"),
                    timeout_cost: get("timeout_cost"),
                    throttle_cost: get("throttle_cost"),
                    first_try_refund: get("first_try_refund"),
                })
            }
            (_, Some(Value::Object(ratio))) => RetryBudget::ratio(RetryRatio {
                ttl: seconds(&ratio["ttl"]),
                min_per_second: u32::deserialize(&ratio["min_per_s"]).unwrap(),
                share: f64::deserialize(&ratio["percent"]).unwrap(),
            }),
            (_, Some(empty)) => {
                assert_eq!(empty, "empty", "{}", self.id);
                RetryBudget::ratio(RetryRatio { min_per_second: 0, share: 0.0, ..RetryRatio::DEFAULT })
            }
            _ => panic!("{}: no budget", self.id),
        }))
    }

    /// Runs the operations in the case's table on a token bucket. Each row begins with the name of an operation, and
    /// the number of tokens that the operation takes or adds. The next two entries of the row state whether a retry
    /// must follow, and how many tokens must be left.
    pub(super) async fn replay_bucket(&self) {
        let budget = self.budget();
        for row in self.expect["ops"].as_array().unwrap() {
            let amount = &row[1];
            match row[0].as_str().unwrap() {
                "take" => {
                    let timeout = *amount == self.config["bucket"]["timeout_cost"];
                    assert!(timeout || *amount == self.config["bucket"]["cost"], "{}", self.id);
                    let cost = if timeout { RetryCost::Timeout } else { RetryCost::Failure };
                    let builder = RetryPolicy::builder().max(2).delay(Duration::ZERO).budget(budget);
                    let policy = builder.cost(move |(): &()| cost).build().unwrap();
                    let attempts = Cell::new(0);
                    let call = policy.call(async || {
                        attempts.set(attempts.get() + 1);
                        Err::<(), _>(())
                    });
                    call.await.unwrap_err();
                    assert_eq!(json!(attempts.get() == 2), row[2], "{}: {row}", self.id);
                }
                "first_try_success" => {
                    let policy = RetryPolicy::builder().budget(budget).build().unwrap();
                    policy.call(async || Ok::<_, ()>(())).await.unwrap();
                }
                other => panic!("{}: unknown operation `{other}`", self.id),
            }
            assert_eq!(json!(budget.stats().tokens), row[3], "{}: {row}", self.id);
        }
    }

    /// Runs the operations of a case on a budget that limits the retries to a share of all calls. The operation
    /// `deposit` starts a call. The operation `withdraw` asks the budget for a retry.
    pub(super) async fn replay_ratio(&self) {
        let budget = self.budget();
        if self.outcomes == "10000 times: deposit, then try to withdraw, clock frozen" {
            let initial = self.expect.get("initial").map_or(0, |initial| initial.as_u64().unwrap());
            assert_eq!(budget.stats().tokens, initial, "{}", self.id);
            for _ in 0..10_000 {
                budget.call_began();
                budget.try_retry(RetryCost::Failure);
            }
            let [withdrawn, tolerance] = ["withdrawn", "tolerance"].map(|key| self.expect[key].as_u64().unwrap());
            let stats = budget.stats();
            assert!(stats.granted.abs_diff(withdrawn) <= tolerance, "{}: {stats:?}", self.id);
            assert_eq!(stats.granted + stats.denied, 10_000);
            return;
        }
        for row in self.expect["ops"].as_array().unwrap() {
            match row[0].as_str().unwrap() {
                "deposit" => budget.call_began(),
                "withdraw" => assert_eq!(json!(budget.try_retry(RetryCost::Failure)), row[1], "{}", self.id),
                "advance" => advance(seconds(&row[1])).await,
                other => panic!("{}: unknown operation `{other}`", self.id),
            }
        }
    }
}
