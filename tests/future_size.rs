//! Tests that attributes add only a few bytes to the size of a function's future. In particular, the future of a
//! decorated function must not contain the body of the function twice.
//!
//! This test is a separate binary, because the README names the command that runs this binary.

use std::future::{Ready, ready};
use std::io;

use resilience_runtime::{RetryBudget, TokenBucket, bulkhead, circuit, fallback, hedge, rate_limit, retry, timeout};

/// The number of bytes that two attributes may add to a function's future.
const ALLOWED: usize = 304;

/// The number of bytes that a `#[timeout]` above a `#[bulkhead(wait = ..)]` may add to a function's future.
const ALLOWED_TIMEOUT_OVER_BULKHEAD: usize = 400;

/// Returns the small future `Ready`, because the size of a fallback's future adds to the size of the decorated
/// function's future.
#[expect(clippy::large_types_passed_by_value)]
fn other(argument: [u8; 1024]) -> Ready<io::Result<u8>> {
    ready(Ok(argument[0]))
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
                    "timeout_over_bulkhead" => ALLOWED_TIMEOUT_OVER_BULKHEAD,
                    // The clone of the argument is a second array of 1,024 bytes.
                    "fallback_with_a_clone" => ALLOWED + 1024,
                    name if name.contains("fallback") => ALLOWED + size_of::<Ready<io::Result<u8>>>(),
                    _ => ALLOWED,
                };
                assert!(size <= bare + allowed, "{} takes {} bytes more than {bare}", stringify!($name), size - bare);
            )*
        }
    };
}

// Lists each pair of attributes in both orders, without `#[hedge]`. The list lacks a retry above a fallback, which is a
// compile error. If a function has two fallbacks, the upper fallback must clone the argument.
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
    retry_with_options_over_circuit_with_options:
        #[retry(max_elapsed = 60, jitter = "decorrelated", retry_after = |_| None, on_retry = |_| (), budget = RetryBudget::bucket(TokenBucket::DEFAULT))]
        #[circuit(name = "size::options", failure_rate = 0.5, slow_call = 1, slow_rate = 0.5, min_calls = 9, window = 60, hung_after = 9, failure_if = |_| true)];
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
