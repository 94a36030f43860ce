//! Tests that attributes add only a few bytes to the size of a function's future. In particular, the future of a
//! decorated function must not contain the body of the function twice.
//!
//! This test is a separate binary, because the README names the command that runs it.

use std::future::{Ready, ready};
use std::io;

use resilience_runtime::{bulkhead, circuit, fallback, hedge, rate_limit, retry, timeout};

/// The number of bytes that two attributes may add to a function's future.
const ALLOWED: usize = 256;

/// The number of bytes that two attributes may add to a function's future if each attribute contains a timer of tokio.
const ALLOWED_TWO_TIMERS: usize = 304;

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
                println!("{:<24}{} + {}", stringify!($name), bare, size - bare);
                let allowed = if stringify!($name) == "retry_over_timeout" { ALLOWED_TWO_TIMERS } else { ALLOWED };
                assert!(size <= bare + allowed, "{} takes {} bytes more than {bare}", stringify!($name), size - bare);
            )*
        }
    };
}

stacks! {
    one_circuit: #[circuit(name = "size::one")];
    one_retry: #[retry];
    retry_over_circuit: #[retry] #[circuit(name = "size::retry_over_circuit")];
    circuit_over_retry: #[circuit(name = "size::circuit_over_retry")] #[retry];
    circuit_over_circuit: #[circuit(name = "size::outer")] #[circuit(name = "size::inner")];
    retry_over_retry: #[retry] #[retry];
    one_timeout: #[timeout(5)];
    retry_over_timeout: #[retry] #[timeout(5)];
    timeout_over_circuit: #[timeout(5)] #[circuit(name = "size::timeout_over_circuit")];
    one_bulkhead: #[bulkhead(max = 3)];
    bulkhead_with_a_queue: #[bulkhead(max = 3, wait = 1)];
    circuit_over_bulkhead: #[circuit(name = "size::circuit_over_bulkhead")] #[bulkhead(max = 3)];
    one_rate_limit: #[rate_limit(per_second = 1000)];
    circuit_over_rate_limit: #[circuit(name = "size::circuit_over_rate_limit")] #[rate_limit(per_second = 1000)];
    one_hedge: #[hedge(after = 1)];
    one_fallback: #[fallback(other)];
    fallback_over_retry: #[fallback(other)] #[retry];
    circuit_over_timeout: #[circuit(name = "size::circuit_over_timeout")] #[timeout(5)];
}
