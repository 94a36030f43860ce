//! Tests each pair of attributes in both orders, and some functions with more than two attributes. The tests in
//! `hedge.rs` cover the pairs with `#[hedge]`. The functions in this file have a `&mut` argument, which `#[hedge]` does
//! not allow.

use std::cell::Cell;
use std::io::{self, ErrorKind};

use resilience_runtime::{bulkhead, circuit, fallback, rate_limit, retry, timeout};
use support::assert_send;
use tokio::task::yield_now;

struct Call<'a> {
    works: bool,
    runs: &'a Cell<u32>,
}

async fn instead(_: Cell<u32>, _: &str, call: &mut Call<'_>) -> io::Result<u32> {
    yield_now().await;
    Ok(100 + call.runs.get())
}

macro_rules! stacks {
    ($($name:ident: $runs:literal, $falls_back:literal, $(#[$layer:meta])*;)*) => {
        $(
            $(#[$layer])*
            async fn $name(not_sync: Cell<u32>, text: &str, call: &mut Call<'_>) -> io::Result<u32> {
                call.runs.set(call.runs.get() + 1);
                yield_now().await;
                if call.works { Ok(not_sync.get()) } else { Err(io::Error::new(ErrorKind::NotFound, text)) }
            }

            mod $name {
                use super::*;

                #[tokio::test(start_paused = true)]
                async fn returns_outcome_of_bare_function() {
                    let runs = Cell::new(0);
                    let mut call = Call { works: true, runs: &runs };
                    assert_eq!(super::$name(Cell::new(7), "down", &mut call).await.unwrap(), 7);
                    assert_eq!(runs.get(), 1);
                    call.works = false;
                    let outcome = super::$name(Cell::new(7), "down", &mut call).await;
                    assert_eq!(runs.get(), 1 + $runs);
                    if $falls_back {
                        assert_eq!(outcome.unwrap(), 101 + $runs);
                    } else {
                        assert_eq!(outcome.unwrap_err().to_string(), "down");
                    }
                }

                #[tokio::test]
                async fn future_is_send_as_bare_future() {
                    $(#[$layer])*
                    async fn sends(not_sync: Cell<u32>, numbers: &mut Cell<u32>) -> io::Result<u32> {
                        yield_now().await;
                        Ok(not_sync.get() + numbers.get())
                    }

                    async fn instead(_: Cell<u32>, _: &mut Cell<u32>) -> io::Result<u32> {
                        yield_now().await;
                        Ok(100)
                    }

                    let mut numbers = Cell::new(2);
                    let future = assert_send(sends(Cell::new(1), &mut numbers));
                    assert!(size_of_val(&future) <= 800, "{}", size_of_val(&future));
                    assert_eq!(future.await.unwrap(), 3);
                    assert_eq!(instead(Cell::new(1), &mut numbers).await.unwrap(), 100);
                }
            }
        )*
    };
}

stacks! {
    circuit_over_circuit: 1, false, #[circuit(name = "pairs::circuit_over_circuit_1", threshold = 9)] #[circuit(name = "pairs::circuit_over_circuit_2", threshold = 9)];
    circuit_over_retry: 2, false, #[circuit(name = "pairs::circuit_over_retry_1", threshold = 9)] #[retry(max = 2, delay = 0)];
    circuit_over_timeout: 1, false, #[circuit(name = "pairs::circuit_over_timeout_1", threshold = 9)] #[timeout(5)];
    circuit_over_bulkhead: 1, false, #[circuit(name = "pairs::circuit_over_bulkhead_1", threshold = 9)] #[bulkhead(max = 9, wait = 1)];
    circuit_over_rate_limit: 1, false, #[circuit(name = "pairs::circuit_over_rate_limit_1", threshold = 9)] #[rate_limit(per_second = 1000)];
    circuit_over_fallback: 1, true, #[circuit(name = "pairs::circuit_over_fallback_1", threshold = 9)] #[fallback(instead)];
    retry_over_circuit: 2, false, #[retry(max = 2, delay = 0)] #[circuit(name = "pairs::retry_over_circuit_2", threshold = 9)];
    retry_over_retry: 4, false, #[retry(max = 2, delay = 0)] #[retry(max = 2, delay = 0)];
    retry_over_timeout: 2, false, #[retry(max = 2, delay = 0)] #[timeout(5)];
    retry_over_bulkhead: 2, false, #[retry(max = 2, delay = 0)] #[bulkhead(max = 9, wait = 1)];
    retry_over_rate_limit: 2, false, #[retry(max = 2, delay = 0)] #[rate_limit(per_second = 1000)];
    timeout_over_circuit: 1, false, #[timeout(5)] #[circuit(name = "pairs::timeout_over_circuit_2", threshold = 9)];
    timeout_over_retry: 2, false, #[timeout(5)] #[retry(max = 2, delay = 0)];
    timeout_over_timeout: 1, false, #[timeout(5)] #[timeout(5)];
    timeout_over_bulkhead: 1, false, #[timeout(5)] #[bulkhead(max = 9, wait = 1)];
    timeout_over_rate_limit: 1, false, #[timeout(5)] #[rate_limit(per_second = 1000)];
    timeout_over_fallback: 1, true, #[timeout(5)] #[fallback(instead)];
    bulkhead_over_circuit: 1, false, #[bulkhead(max = 9, wait = 1)] #[circuit(name = "pairs::bulkhead_over_circuit_2", threshold = 9)];
    bulkhead_over_retry: 2, false, #[bulkhead(max = 9, wait = 1)] #[retry(max = 2, delay = 0)];
    bulkhead_over_timeout: 1, false, #[bulkhead(max = 9, wait = 1)] #[timeout(5)];
    bulkhead_over_bulkhead: 1, false, #[bulkhead(max = 9, wait = 1)] #[bulkhead(max = 9, wait = 1)];
    bulkhead_over_rate_limit: 1, false, #[bulkhead(max = 9, wait = 1)] #[rate_limit(per_second = 1000)];
    bulkhead_over_fallback: 1, true, #[bulkhead(max = 9, wait = 1)] #[fallback(instead)];
    rate_limit_over_circuit: 1, false, #[rate_limit(per_second = 1000)] #[circuit(name = "pairs::rate_limit_over_circuit_2", threshold = 9)];
    rate_limit_over_retry: 2, false, #[rate_limit(per_second = 1000)] #[retry(max = 2, delay = 0)];
    rate_limit_over_timeout: 1, false, #[rate_limit(per_second = 1000)] #[timeout(5)];
    rate_limit_over_bulkhead: 1, false, #[rate_limit(per_second = 1000)] #[bulkhead(max = 9, wait = 1)];
    rate_limit_over_rate_limit: 1, false, #[rate_limit(per_second = 1000)] #[rate_limit(per_second = 1000)];
    rate_limit_over_fallback: 1, true, #[rate_limit(per_second = 1000)] #[fallback(instead)];
    closure_over_circuit: 1, false, #[fallback(|error| Err(error))] #[circuit(name = "pairs::closure_over_circuit", threshold = 9)];
    closure_over_retry: 2, false, #[fallback(|error| Err(error))] #[retry(max = 2, delay = 0)];
    closure_over_bulkhead: 1, false, #[fallback(|error| Err(error), on = "rejected")] #[bulkhead(max = 9, wait = 1)];
    circuit_over_closure: 1, false, #[circuit(name = "pairs::circuit_over_closure", threshold = 9)] #[fallback(|error| Err(error))];
    timeout_over_closure: 1, false, #[timeout(5)] #[fallback(|error| Err(error), clone(not_sync))];
    fallback_over_closure: 1, true, #[fallback(instead)] #[fallback(|error| Err(error))];
    closure_over_fallback: 1, true, #[fallback(|error| Err(error))] #[fallback(instead)];
    fallback_over_circuit: 1, true, #[fallback(instead)] #[circuit(name = "pairs::fallback_over_circuit_2", threshold = 9)];
    fallback_over_retry: 2, true, #[fallback(instead)] #[retry(max = 2, delay = 0)];
    fallback_over_timeout: 1, true, #[fallback(instead)] #[timeout(5)];
    fallback_over_bulkhead: 1, true, #[fallback(instead)] #[bulkhead(max = 9, wait = 1)];
    fallback_over_rate_limit: 1, true, #[fallback(instead)] #[rate_limit(per_second = 1000)];
    fallback_over_fallback: 1, true, #[fallback(instead, clone(not_sync))] #[fallback(instead)];
    fallback_retry_circuit_timeout: 2, true, #[fallback(instead)] #[retry(max = 2, delay = 0)] #[circuit(name = "pairs::fallback_retry_circuit_timeout_2", threshold = 9)] #[timeout(5)];
    fallback_timeout_retry_circuit_bulkhead: 2, true, #[fallback(instead)] #[timeout(5)] #[retry(max = 2, delay = 0)] #[circuit(name = "pairs::fallback_timeout_retry_circuit_bulkhead_3", threshold = 9)] #[bulkhead(max = 9, wait = 1)];
    rate_limit_bulkhead_circuit_retry_timeout: 2, false, #[rate_limit(per_second = 1000)] #[bulkhead(max = 9, wait = 1)] #[circuit(name = "pairs::rate_limit_bulkhead_circuit_retry_timeout_2", threshold = 9)] #[retry(max = 2, delay = 0)] #[timeout(5)];
    timeout_fallback_retry_rate_limit_circuit: 2, true, #[timeout(9)] #[fallback(instead)] #[retry(max = 2, delay = 0)] #[rate_limit(per_second = 1000)] #[circuit(name = "pairs::timeout_fallback_retry_rate_limit_circuit_4", threshold = 9)];
    circuit_fallback_bulkhead_retry_timeout: 2, true, #[circuit(name = "pairs::circuit_fallback_bulkhead_retry_timeout_0", threshold = 9)] #[fallback(instead)] #[bulkhead(max = 9, wait = 1)] #[retry(max = 2, delay = 0)] #[timeout(5)];
}
