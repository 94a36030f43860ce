//! Tests that attributes add only a few bytes to the size of a function's future. In particular, the future of a
//! decorated function must not contain the body of the function twice.
//!
//! This test is a separate binary, so that the command in the README runs only this test.

use std::future::{Ready, ready};
use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CircuitBreaker, RateLimit, RetryBudget, RetryCost, RetryPolicy, Timeout, TokenBucket, bulkhead, circuit,
    fallback, hedge, rate_limit, retry, timeout,
};

/// The number of bytes that two attributes may add to a function's future.
const ALLOWED: usize = 328;

/// The number of bytes that a `#[timeout]` and a lower attribute together may add. The lower attribute is a bulkhead,
/// or a rate limit that can wait.
const ALLOWED_TIMEOUT_OVER_WAIT: usize = 464;

/// The number of bytes that two attributes may add, if each call evaluates an option, such as `key`, `with = BREAKER`
/// or `wait = time()`.
const ALLOWED_WITH_VALUES: usize = 344;

static SLOTS: LazyLock<Bulkhead> = LazyLock::new(|| Bulkhead::builder("size", 3).build().unwrap());
static POLICY: LazyLock<RetryPolicy> = LazyLock::new(RetryPolicy::default);
static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);
static LIMIT: LazyLock<Timeout> = LazyLock::new(|| Timeout::new(time()).unwrap());
static BREAKER: LazyLock<CircuitBreaker> = LazyLock::new(|| CircuitBreaker::builder("size").build().unwrap());
static RATE: LazyLock<RateLimit> = LazyLock::new(|| RateLimit::builder("size", 3).build().unwrap());

fn time() -> Duration {
    Duration::from_secs(5)
}

fn budget_of(_: &[u8; 256]) -> RetryBudget {
    BUDGET.clone()
}

/// The fallback of the decorated functions below. Returns the small future `Ready`, because a decorated function's
/// future contains the future of its fallback.
#[expect(clippy::large_types_passed_by_value)]
fn other(argument: [u8; 1024]) -> Ready<io::Result<u8>> {
    ready(Ok(argument[0]))
}

/// Returns whether the lower attribute of the function `name` can wait for a slot or a rate limit.
fn can_wait(name: &str) -> bool {
    ["bulkhead", "held_rate_limit", "keyed_rate_limit", "that_waits"].iter().any(|end| name.ends_with(end))
}

macro_rules! stacks {
    ($($name:ident: $(#[$layer:meta])*;)*) => {
        $(
            $(#[$layer])*
            async fn $name(argument: [u8; 1024]) -> io::Result<u8> {
                tokio::task::yield_now().await;
                Ok(argument[7])
            }
        )*

        #[test]
        fn stack_of_two_adds_few_bytes() {
            async fn bare(argument: [u8; 1024]) -> io::Result<u8> {
                tokio::task::yield_now().await;
                Ok(argument[7])
            }
            let bare = size_of_val(&bare([0; 1024]));
            $(
                let size = size_of_val(&$name([0; 1024]));
                println!("{:<44} {} + {}", stringify!($name), bare, size - bare);
                let allowed = match stringify!($name) {
                    name if name.contains("timeout_over") && can_wait(name) => ALLOWED_TIMEOUT_OVER_WAIT,
                    // The clone of the argument has 1,024 bytes.
                    "fallback_with_a_clone" => ALLOWED + 1024,
                    name if ["evaluated", "held", "keyed"].iter().any(|word| name.contains(word)) => {
                        ALLOWED_WITH_VALUES
                    }
                    name if name.contains("fallback") => ALLOWED + size_of::<Ready<io::Result<u8>>>(),
                    _ => ALLOWED,
                };
                assert!(size <= bare + allowed, "{} takes {} bytes more than {bare}", stringify!($name), size - bare);
            )*
        }
    };
}

// Lists each attribute alone, and then each pair of attributes in both orders. No pair contains `#[hedge]`. A retry
// above a fallback is missing, because it is a compile error. If a function has two fallbacks, the upper fallback must
// clone the argument.
stacks! {
    one_circuit: #[circuit(name = "size::one")];
    one_retry: #[retry];
    one_timeout: #[timeout(5)];
    one_bulkhead: #[bulkhead(max = 3)];
    one_rate_limit: #[rate_limit(per_second = 1000)];
    one_hedge: #[hedge(after = 1)];
    one_fallback: #[fallback(other)];
    fallback_with_a_clone: #[fallback(other, clone(argument))] #[fallback(other)];
    circuit_over_circuit: #[circuit(name = "size::circuit_over_circuit_1")] #[circuit(name = "size::circuit_over_circuit_2")];
    circuit_over_keyed: #[circuit(name = "size::circuit_over_keyed_1")] #[circuit(name = "size::circuit_over_keyed_2", key = 7)];
    circuit_over_retry: #[circuit(name = "size::circuit_over_retry_1")] #[retry];
    circuit_over_timeout: #[circuit(name = "size::circuit_over_timeout_1")] #[timeout(5)];
    circuit_over_bulkhead: #[circuit(name = "size::circuit_over_bulkhead_1")] #[bulkhead(max = 3, wait = 1)];
    circuit_over_rate_limit: #[circuit(name = "size::circuit_over_rate_limit_1")] #[rate_limit(per_second = 1000)];
    circuit_over_rate_limit_that_waits: #[circuit(name = "size::circuit_over_rate_limit_2")] #[rate_limit(per_second = 1000, wait = 1)];
    circuit_over_fallback: #[circuit(name = "size::circuit_over_fallback_1")] #[fallback(other)];
    keyed_over_circuit: #[circuit(name = "size::keyed_over_circuit_1", key = 7)] #[circuit(name = "size::keyed_over_circuit_2")];
    keyed_over_keyed: #[circuit(name = "size::keyed_over_keyed_1", key = 7)] #[circuit(name = "size::keyed_over_keyed_2", key = 7)];
    keyed_over_retry: #[circuit(name = "size::keyed_over_retry_1", key = 7)] #[retry];
    keyed_over_timeout: #[circuit(name = "size::keyed_over_timeout_1", key = 7)] #[timeout(5)];
    keyed_over_bulkhead: #[circuit(name = "size::keyed_over_bulkhead_1", key = 7)] #[bulkhead(max = 3, wait = 1)];
    keyed_over_rate_limit: #[circuit(name = "size::keyed_over_rate_limit_1", key = 7)] #[rate_limit(per_second = 1000)];
    keyed_over_fallback: #[circuit(name = "size::keyed_over_fallback_1", key = 7)] #[fallback(other)];
    retry_over_circuit: #[retry] #[circuit(name = "size::retry_over_circuit_2")];
    retry_over_keyed: #[retry] #[circuit(name = "size::retry_over_keyed_2", key = 7)];
    retry_over_retry: #[retry] #[retry];
    retry_over_timeout: #[retry] #[timeout(5)];
    retry_over_bulkhead: #[retry] #[bulkhead(max = 3, wait = 1)];
    retry_over_rate_limit: #[retry] #[rate_limit(per_second = 1000)];
    timeout_over_circuit: #[timeout(5)] #[circuit(name = "size::timeout_over_circuit_2")];
    timeout_over_keyed: #[timeout(5)] #[circuit(name = "size::timeout_over_keyed_2", key = 7)];
    timeout_over_retry: #[timeout(5)] #[retry];
    timeout_over_timeout: #[timeout(5)] #[timeout(5)];
    timeout_over_bulkhead: #[timeout(5)] #[bulkhead(max = 3, wait = 1)];
    timeout_over_rate_limit: #[timeout(5)] #[rate_limit(per_second = 1000)];
    timeout_over_fallback: #[timeout(5)] #[fallback(other)];
    bulkhead_over_circuit: #[bulkhead(max = 3, wait = 1)] #[circuit(name = "size::bulkhead_over_circuit_2")];
    bulkhead_over_keyed: #[bulkhead(max = 3, wait = 1)] #[circuit(name = "size::bulkhead_over_keyed_2", key = 7)];
    bulkhead_over_retry: #[bulkhead(max = 3, wait = 1)] #[retry];
    bulkhead_over_timeout: #[bulkhead(max = 3, wait = 1)] #[timeout(5)];
    bulkhead_over_bulkhead: #[bulkhead(max = 3, wait = 1)] #[bulkhead(max = 3, wait = 1)];
    bulkhead_over_rate_limit: #[bulkhead(max = 3, wait = 1)] #[rate_limit(per_second = 1000)];
    bulkhead_over_fallback: #[bulkhead(max = 3, wait = 1)] #[fallback(other)];
    rate_limit_over_circuit: #[rate_limit(per_second = 1000)] #[circuit(name = "size::rate_limit_over_circuit_2")];
    rate_limit_over_keyed: #[rate_limit(per_second = 1000)] #[circuit(name = "size::rate_limit_over_keyed_2", key = 7)];
    rate_limit_over_retry: #[rate_limit(per_second = 1000)] #[retry];
    rate_limit_over_timeout: #[rate_limit(per_second = 1000)] #[timeout(5)];
    rate_limit_over_bulkhead: #[rate_limit(per_second = 1000)] #[bulkhead(max = 3, wait = 1)];
    rate_limit_over_rate_limit: #[rate_limit(per_second = 1000)] #[rate_limit(per_second = 1000)];
    rate_limit_over_fallback: #[rate_limit(per_second = 1000)] #[fallback(other)];
    fallback_over_circuit: #[fallback(other)] #[circuit(name = "size::fallback_over_circuit_2")];
    fallback_over_keyed: #[fallback(other)] #[circuit(name = "size::fallback_over_keyed_2", key = 7)];
    fallback_over_retry: #[fallback(other)] #[retry];
    fallback_over_timeout: #[fallback(other)] #[timeout(5)];
    fallback_over_bulkhead: #[fallback(other)] #[bulkhead(max = 3, wait = 1)];
    fallback_over_rate_limit: #[fallback(other)] #[rate_limit(per_second = 1000)];
    rate_limit_that_waits_over_circuit: #[rate_limit(per_second = 1000, wait = 1)] #[circuit(name = "size::rate_limit_that_waits_over_circuit")];
    keyed_over_rate_limit_that_waits: #[circuit(name = "size::keyed_over_rate_limit_that_waits", key = 7)] #[rate_limit(per_second = 1000, wait = 1)];
    rate_limit_that_waits_over_keyed: #[rate_limit(per_second = 1000, wait = 1)] #[circuit(name = "size::rate_limit_that_waits_over_keyed", key = 7)];
    retry_over_rate_limit_that_waits: #[retry] #[rate_limit(per_second = 1000, wait = 1)];
    rate_limit_that_waits_over_retry: #[rate_limit(per_second = 1000, wait = 1)] #[retry];
    timeout_over_rate_limit_that_waits: #[timeout(5)] #[rate_limit(per_second = 1000, wait = 1)];
    rate_limit_that_waits_over_timeout: #[rate_limit(per_second = 1000, wait = 1)] #[timeout(5)];
    bulkhead_over_rate_limit_that_waits: #[bulkhead(max = 3, wait = 1)] #[rate_limit(per_second = 1000, wait = 1)];
    rate_limit_that_waits_over_bulkhead: #[rate_limit(per_second = 1000, wait = 1)] #[bulkhead(max = 3, wait = 1)];
    rate_limit_over_rate_limit_that_waits: #[rate_limit(per_second = 1000)] #[rate_limit(per_second = 1000, wait = 1)];
    rate_limit_that_waits_over_rate_limit: #[rate_limit(per_second = 1000, wait = 1)] #[rate_limit(per_second = 1000)];
    rate_limit_that_waits_over_rate_limit_that_waits: #[rate_limit(per_second = 1000, wait = 1)] #[rate_limit(per_second = 1000, wait = 1)];
    fallback_over_rate_limit_that_waits: #[fallback(other)] #[rate_limit(per_second = 1000, wait = 1)];
    rate_limit_that_waits_over_fallback: #[rate_limit(per_second = 1000, wait = 1)] #[fallback(other)];
    circuit_over_keyed_bulkhead: #[circuit(name = "size::circuit_over_keyed_bulkhead_1")] #[bulkhead(max = 3, wait = 1, key = 7)];
    circuit_over_keyed_rate_limit: #[circuit(name = "size::circuit_over_keyed_rate_limit_1")] #[rate_limit(per_second = 1000, wait = 1, key = 7)];
    keyed_over_keyed_bulkhead: #[circuit(name = "size::keyed_over_keyed_bulkhead_1", key = 7)] #[bulkhead(max = 3, wait = 1, key = 7)];
    keyed_over_keyed_rate_limit: #[circuit(name = "size::keyed_over_keyed_rate_limit_1", key = 7)] #[rate_limit(per_second = 1000, wait = 1, key = 7)];
    retry_over_keyed_bulkhead: #[retry] #[bulkhead(max = 3, wait = 1, key = 7)];
    retry_over_keyed_rate_limit: #[retry] #[rate_limit(per_second = 1000, wait = 1, key = 7)];
    timeout_over_keyed_bulkhead: #[timeout(5)] #[bulkhead(max = 3, wait = 1, key = 7)];
    timeout_over_keyed_rate_limit: #[timeout(5)] #[rate_limit(per_second = 1000, wait = 1, key = 7)];
    keyed_bulkhead_over_circuit: #[bulkhead(max = 3, wait = 1, key = 7)] #[circuit(name = "size::keyed_bulkhead_over_circuit_2")];
    keyed_bulkhead_over_keyed: #[bulkhead(max = 3, wait = 1, key = 7)] #[circuit(name = "size::keyed_bulkhead_over_keyed_2", key = 7)];
    keyed_bulkhead_over_retry: #[bulkhead(max = 3, wait = 1, key = 7)] #[retry];
    keyed_bulkhead_over_timeout: #[bulkhead(max = 3, wait = 1, key = 7)] #[timeout(5)];
    keyed_bulkhead_over_keyed_bulkhead: #[bulkhead(max = 3, wait = 1, key = 7)] #[bulkhead(max = 3, wait = 1, key = 7)];
    keyed_bulkhead_over_keyed_rate_limit: #[bulkhead(max = 3, wait = 1, key = 7)] #[rate_limit(per_second = 1000, wait = 1, key = 7)];
    keyed_bulkhead_over_held_circuit: #[bulkhead(max = 3, wait = 1, key = 7)] #[circuit(with = BREAKER)];
    keyed_bulkhead_over_held_retry: #[bulkhead(max = 3, wait = 1, key = 7)] #[retry(with = POLICY, budget = BUDGET)];
    keyed_rate_limit_over_circuit: #[rate_limit(per_second = 1000, wait = 1, key = 7)] #[circuit(name = "size::keyed_rate_limit_over_circuit_2")];
    keyed_rate_limit_over_keyed: #[rate_limit(per_second = 1000, wait = 1, key = 7)] #[circuit(name = "size::keyed_rate_limit_over_keyed_2", key = 7)];
    keyed_rate_limit_over_retry: #[rate_limit(per_second = 1000, wait = 1, key = 7)] #[retry];
    keyed_rate_limit_over_timeout: #[rate_limit(per_second = 1000, wait = 1, key = 7)] #[timeout(5)];
    keyed_rate_limit_over_keyed_bulkhead: #[rate_limit(per_second = 1000, wait = 1, key = 7)] #[bulkhead(max = 3, wait = 1, key = 7)];
    keyed_rate_limit_over_keyed_rate_limit: #[rate_limit(per_second = 1000, wait = 1, key = 7)] #[rate_limit(per_second = 1000, wait = 1, key = 7)];
    keyed_rate_limit_over_held_circuit: #[rate_limit(per_second = 1000, wait = 1, key = 7)] #[circuit(with = BREAKER)];
    keyed_rate_limit_over_held_retry: #[rate_limit(per_second = 1000, wait = 1, key = 7)] #[retry(with = POLICY, budget = BUDGET)];
    held_circuit_over_keyed_bulkhead: #[circuit(with = BREAKER)] #[bulkhead(max = 3, wait = 1, key = 7)];
    held_circuit_over_keyed_rate_limit: #[circuit(with = BREAKER)] #[rate_limit(per_second = 1000, wait = 1, key = 7)];
    held_retry_over_keyed_bulkhead: #[retry(with = POLICY, budget = BUDGET)] #[bulkhead(max = 3, wait = 1, key = 7)];
    held_retry_over_keyed_rate_limit: #[retry(with = POLICY, budget = BUDGET)] #[rate_limit(per_second = 1000, wait = 1, key = 7)];
    one_value: #[fallback(value = 7)];
    one_closure: #[fallback(|error| Err(error))];
    circuit_over_value: #[circuit(name = "size::circuit_over_value")] #[fallback(value = 7)];
    value_over_circuit: #[fallback(value = 7)] #[circuit(name = "size::value_over_circuit")];
    closure_over_timeout: #[fallback(|error| Err(error))] #[timeout(5)];
    closure_over_retry: #[fallback(|error| Err(error))] #[retry];
    value_over_closure: #[fallback(value = 7)] #[fallback(|error| Err(error))];
    evaluated_timeout_over_evaluated_timeout: #[timeout(time())] #[timeout(time())];
    evaluated_timeout_over_evaluated_bulkhead: #[timeout(time())] #[bulkhead(max = 3, wait = time())];
    evaluated_timeout_over_held_bulkhead: #[timeout(time())] #[bulkhead(with = SLOTS)];
    evaluated_timeout_over_held_retry: #[timeout(time())] #[retry(with = POLICY, budget = BUDGET)];
    evaluated_timeout_over_held_timeout: #[timeout(time())] #[timeout(with = LIMIT)];
    evaluated_timeout_over_held_circuit: #[timeout(time())] #[circuit(with = BREAKER)];
    evaluated_timeout_over_held_rate_limit: #[timeout(time())] #[rate_limit(with = RATE)];
    evaluated_bulkhead_over_evaluated_timeout: #[bulkhead(max = 3, wait = time())] #[timeout(time())];
    evaluated_bulkhead_over_evaluated_bulkhead: #[bulkhead(max = 3, wait = time())] #[bulkhead(max = 3, wait = time())];
    evaluated_bulkhead_over_held_bulkhead: #[bulkhead(max = 3, wait = time())] #[bulkhead(with = SLOTS)];
    evaluated_bulkhead_over_held_retry: #[bulkhead(max = 3, wait = time())] #[retry(with = POLICY, budget = BUDGET)];
    evaluated_bulkhead_over_held_timeout: #[bulkhead(max = 3, wait = time())] #[timeout(with = LIMIT)];
    evaluated_bulkhead_over_held_circuit: #[bulkhead(max = 3, wait = time())] #[circuit(with = BREAKER)];
    evaluated_bulkhead_over_held_rate_limit: #[bulkhead(max = 3, wait = time())] #[rate_limit(with = RATE)];
    held_bulkhead_over_evaluated_timeout: #[bulkhead(with = SLOTS)] #[timeout(time())];
    held_bulkhead_over_evaluated_bulkhead: #[bulkhead(with = SLOTS)] #[bulkhead(max = 3, wait = time())];
    held_bulkhead_over_held_bulkhead: #[bulkhead(with = SLOTS)] #[bulkhead(with = SLOTS)];
    held_bulkhead_over_held_retry: #[bulkhead(with = SLOTS)] #[retry(with = POLICY, budget = BUDGET)];
    held_bulkhead_over_held_timeout: #[bulkhead(with = SLOTS)] #[timeout(with = LIMIT)];
    held_bulkhead_over_held_circuit: #[bulkhead(with = SLOTS)] #[circuit(with = BREAKER)];
    held_bulkhead_over_held_rate_limit: #[bulkhead(with = SLOTS)] #[rate_limit(with = RATE)];
    held_retry_over_evaluated_timeout: #[retry(with = POLICY, budget = BUDGET)] #[timeout(time())];
    held_retry_over_evaluated_bulkhead: #[retry(with = POLICY, budget = BUDGET)] #[bulkhead(max = 3, wait = time())];
    held_retry_over_held_bulkhead: #[retry(with = POLICY, budget = BUDGET)] #[bulkhead(with = SLOTS)];
    held_retry_over_held_retry: #[retry(with = POLICY, budget = BUDGET)] #[retry(with = POLICY, budget = BUDGET)];
    held_retry_over_held_timeout: #[retry(with = POLICY, budget = BUDGET)] #[timeout(with = LIMIT)];
    held_retry_over_held_circuit: #[retry(with = POLICY, budget = BUDGET)] #[circuit(with = BREAKER)];
    held_retry_over_held_rate_limit: #[retry(with = POLICY, budget = BUDGET)] #[rate_limit(with = RATE)];
    held_timeout_over_evaluated_timeout: #[timeout(with = LIMIT)] #[timeout(time())];
    held_timeout_over_evaluated_bulkhead: #[timeout(with = LIMIT)] #[bulkhead(max = 3, wait = time())];
    held_timeout_over_held_bulkhead: #[timeout(with = LIMIT)] #[bulkhead(with = SLOTS)];
    held_timeout_over_held_retry: #[timeout(with = LIMIT)] #[retry(with = POLICY, budget = BUDGET)];
    held_timeout_over_held_timeout: #[timeout(with = LIMIT)] #[timeout(with = LIMIT)];
    held_timeout_over_held_circuit: #[timeout(with = LIMIT)] #[circuit(with = BREAKER)];
    held_timeout_over_held_rate_limit: #[timeout(with = LIMIT)] #[rate_limit(with = RATE)];
    held_circuit_over_evaluated_timeout: #[circuit(with = BREAKER)] #[timeout(time())];
    held_circuit_over_evaluated_bulkhead: #[circuit(with = BREAKER)] #[bulkhead(max = 3, wait = time())];
    held_circuit_over_held_bulkhead: #[circuit(with = BREAKER)] #[bulkhead(with = SLOTS)];
    held_circuit_over_held_retry: #[circuit(with = BREAKER)] #[retry(with = POLICY, budget = BUDGET)];
    held_circuit_over_held_timeout: #[circuit(with = BREAKER)] #[timeout(with = LIMIT)];
    held_circuit_over_held_circuit: #[circuit(with = BREAKER)] #[circuit(with = BREAKER)];
    held_circuit_over_held_rate_limit: #[circuit(with = BREAKER)] #[rate_limit(with = RATE)];
    held_rate_limit_over_evaluated_timeout: #[rate_limit(with = RATE)] #[timeout(time())];
    held_rate_limit_over_evaluated_bulkhead: #[rate_limit(with = RATE)] #[bulkhead(max = 3, wait = time())];
    held_rate_limit_over_held_bulkhead: #[rate_limit(with = RATE)] #[bulkhead(with = SLOTS)];
    held_rate_limit_over_held_retry: #[rate_limit(with = RATE)] #[retry(with = POLICY, budget = BUDGET)];
    held_rate_limit_over_held_timeout: #[rate_limit(with = RATE)] #[timeout(with = LIMIT)];
    held_rate_limit_over_held_circuit: #[rate_limit(with = RATE)] #[circuit(with = BREAKER)];
    held_rate_limit_over_held_rate_limit: #[rate_limit(with = RATE)] #[rate_limit(with = RATE)];
    timeout_over_evaluated_bulkhead: #[timeout(5)] #[bulkhead(max = 3, wait = time())];
    timeout_over_held_retry: #[timeout(5)] #[retry(with = POLICY)];
    evaluated_timeout_over_bulkhead: #[timeout(time())] #[bulkhead(max = 3, wait = 1)];
    evaluated_timeout_over_retry: #[timeout(time())] #[retry];
    retry_over_evaluated_timeout: #[retry] #[timeout(time())];
    evaluated_bulkhead_over_retry: #[bulkhead(max = 3, wait = time())] #[retry];
    fallback_over_evaluated_bulkhead: #[fallback(other)] #[bulkhead(max = 3, wait = time())];
    circuit_over_evaluated_bulkhead: #[circuit(name = "size::over_evaluated")] #[bulkhead(max = 3, wait = time())];
    timeout_over_named_bulkhead: #[timeout(5)] #[bulkhead(name = "size::named_1", max = 3)];
    retry_over_named_bulkhead: #[retry] #[bulkhead(name = "size::named_2", max = 3)];
    retry_of_ok_over_circuit_with_options:
        #[retry(retry_if_ok = |_| true, retry_after_ok = |_| None, budget = BUDGET, cost_ok = |_| RetryCost::Failure)]
        #[circuit(name = "size::of_ok", failure_if_ok = |_| true, retry_after_ok = |_| None)];
    retry_with_options_over_circuit_with_options:
        #[retry(max_elapsed = 60, jitter = "decorrelated", retry_after = |_| None, on_retry = |_| (), budget = RetryBudget::bucket(TokenBucket::DEFAULT))]
        #[circuit(name = "size::options", failure_rate = 0.5, slow_call = 1, slow_rate = 0.5, min_calls = 9, window = 60, hung_after = 9, failure_if = |_| true)];
}

#[expect(clippy::large_types_passed_by_value)]
#[fallback(value = argument[0])]
#[circuit(name = "size::value_of_argument", failure_if = |_| argument[1] == 0)]
async fn value_of_argument(argument: [u8; 1024]) -> io::Result<u8> {
    tokio::task::yield_now().await;
    Ok(argument[7])
}

#[expect(clippy::large_types_passed_by_value)]
#[fallback(|_| Ok(argument[0]))]
#[timeout(5)]
async fn closure_over_argument(mut argument: [u8; 1024]) -> io::Result<u8> {
    argument[0] = 1;
    tokio::task::yield_now().await;
    Ok(argument[7])
}

#[expect(clippy::large_types_passed_by_value)]
#[fallback(value = argument[0], clone(argument))]
async fn value_with_a_clone(argument: [u8; 1024]) -> io::Result<u8> {
    tokio::task::yield_now().await;
    Ok(argument[7])
}

#[test]
fn fallback_that_names_an_argument_keeps_it_once() {
    #[expect(clippy::large_types_passed_by_value)]
    async fn bare(argument: [u8; 1024]) -> io::Result<u8> {
        tokio::task::yield_now().await;
        Ok(argument[7])
    }
    let argument = [0; 1024];
    let bare = size_of_val(&bare(argument));
    for (size, clones) in [
        (size_of_val(&value_of_argument(argument)), 0),
        (size_of_val(&closure_over_argument(argument)), 0),
        (size_of_val(&value_with_a_clone(argument)), 1),
    ] {
        assert!(size <= bare + ALLOWED + clones * 1024, "{} bytes more than {bare}", size - bare);
    }
}

#[timeout(time())]
#[retry(with = POLICY, budget = budget_of(&argument))]
async fn budget_of_call(argument: [u8; 256]) -> io::Result<u8> {
    tokio::task::yield_now().await;
    Ok(argument[7])
}

#[test]
fn budget_of_one_call_adds_few_bytes() {
    async fn bare(argument: [u8; 256]) -> io::Result<u8> {
        tokio::task::yield_now().await;
        Ok(argument[7])
    }
    let added = size_of_val(&budget_of_call([0; 256])) - size_of_val(&bare([0; 256]));
    assert!(added <= ALLOWED_WITH_VALUES, "{added} bytes");
}

#[hedge(after = 1, max = 3)]
async fn large_body(fill: u8) -> io::Result<u8> {
    let array = [fill; 1024];
    tokio::task::yield_now().await;
    Ok(array[7])
}

#[test]
fn hedge_contains_future_of_each_attempt() {
    async fn bare(fill: u8) -> io::Result<u8> {
        let array = [fill; 1024];
        tokio::task::yield_now().await;
        Ok(array[7])
    }
    let (size, body) = (size_of_val(&large_body(7)), size_of_val(&bare(7)));
    assert!((3 * body..=3 * body + ALLOWED).contains(&size), "{size} bytes for three attempts of {body}");
}

#[hedge(after = "p95", min_after = 1, max_after = 9, max = 3, budget = BUDGET)]
async fn measured_body(fill: u8) -> io::Result<u8> {
    let array = [fill; 1024];
    tokio::task::yield_now().await;
    Ok(array[7])
}

#[test]
fn percentile_and_budget_add_few_bytes_to_a_hedge() {
    // The percentile adds a start time (8 bytes), and the budget adds a reference (16 bytes).
    let (size, plain) = (size_of_val(&measured_body(7)), size_of_val(&large_body(7)));
    assert!(size <= plain + 24, "{size} bytes with a percentile, {plain} bytes without");
}

#[expect(clippy::large_types_passed_by_value)]
#[bulkhead(max = 3, wait = 1)]
#[circuit(name = "size::rule_below_a_wait", failure_if = |_| argument[0] == 1)]
async fn rule_below_a_wait(argument: [u8; 1024]) -> io::Result<u8> {
    tokio::task::yield_now().await;
    Ok(argument[7])
}

#[expect(clippy::large_types_passed_by_value)]
#[fallback(|_| Ok(argument[0]), clone(argument))]
#[bulkhead(max = 3, wait = 1)]
async fn clone_below_a_wait(argument: [u8; 1024]) -> io::Result<u8> {
    tokio::task::yield_now().await;
    Ok(argument[7])
}

#[expect(clippy::large_types_passed_by_value)]
#[bulkhead(max = 3, wait = 1, error = |_| io::Error::other(argument[0].to_string()))]
async fn error_after_a_wait(argument: [u8; 1024]) -> io::Result<u8> {
    tokio::task::yield_now().await;
    Ok(argument[7])
}

#[expect(clippy::large_types_passed_by_value)]
#[bulkhead(max = 3, wait = 1)]
#[circuit(name = "size::key_after_a_wait", key = argument[0])]
async fn key_after_a_wait(argument: [u8; 1024]) -> io::Result<u8> {
    tokio::task::yield_now().await;
    Ok(argument[7])
}

#[test]
fn code_after_a_wait_stores_arguments_at_most_twice() {
    #[expect(clippy::large_types_passed_by_value)]
    async fn bare(argument: [u8; 1024]) -> io::Result<u8> {
        tokio::task::yield_now().await;
        Ok(argument[7])
    }
    let bare = size_of_val(&bare([0; 1024]));
    for (size, copies) in [
        (size_of_val(&rule_below_a_wait([0; 1024])), 0),
        (size_of_val(&clone_below_a_wait([0; 1024])), 1),
        (size_of_val(&error_after_a_wait([0; 1024])), 1),
        (size_of_val(&key_after_a_wait([0; 1024])), 1),
    ] {
        let added = size - bare;
        assert!((copies * 1024..=copies * 1024 + ALLOWED_WITH_VALUES).contains(&added), "{added} bytes");
    }
}
