//! Compiles decorated functions under strict lints. The code that the attributes generate must pass these lints.
//!
//! This test is a separate crate, because lints apply to a whole crate. The lint `nonstandard_style` is denied and not
//! forbidden, because the crate `inventory` generates code that allows this lint. A crate that forbids
//! `nonstandard_style` must turn off the library's feature `declare`.
#![deny(warnings, nonstandard_style)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![forbid(
    unsafe_code,
    missing_docs,
    missing_debug_implementations,
    future_incompatible,
    unused,
    keyword_idents,
    trivial_casts,
    trivial_numeric_casts,
    unused_extern_crates,
    unused_import_braces,
    unused_qualifications,
    unused_results,
    unused_lifetimes,
    unreachable_pub,
    single_use_lifetimes,
    variant_size_differences,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    let_underscore_drop,
    non_ascii_idents,
    meta_variable_misuse,
    missing_abi,
    macro_use_extern_crate,
    absolute_paths_not_starting_with_crate,
    unit_bindings,
    unused_macro_rules,
    redundant_lifetimes,
    clippy::as_conversions,
    clippy::dbg_macro,
    clippy::exit,
    clippy::float_arithmetic,
    clippy::impl_trait_in_params,
    clippy::mem_forget,
    clippy::missing_asserts_for_indexing,
    clippy::multiple_unsafe_ops_per_block,
    clippy::pattern_type_mismatch,
    clippy::ref_patterns,
    clippy::same_name_method,
    clippy::undocumented_unsafe_blocks,
    clippy::unimplemented,
    clippy::unreachable,
    clippy::wildcard_enum_match_arm,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::todo,
    clippy::indexing_slicing,
    clippy::shadow_reuse,
    clippy::shadow_same,
    clippy::shadow_unrelated,
    clippy::items_after_statements,
    clippy::let_underscore_untyped
)]

use std::io;
use std::pin::Pin;

use futures_util::{Stream, StreamExt, stream};
use resilience_runtime::{
    Bulkhead, CircuitBreaker, RateLimit, RetryBudget, TokenBucket, bulkhead, circuit, fallback, hedge, rate_limit,
    retry, timeout,
};

const LONGEST: std::time::Duration = std::time::Duration::from_secs(1);

/// Returns a sum.
///
/// # Errors
///
/// Never returns an error.
#[retry(max = 2, delay = 0)]
#[circuit(name = "lints::both", failure_if = |error| error.kind() != io::ErrorKind::NotFound)]
async fn both(value: u32, text: String, (left, right): (u32, u32)) -> io::Result<u32> {
    tokio::task::yield_now().await;
    Ok(value + left + right + u32::from(text.is_empty()))
}

#[circuit(name = "lints::once")]
async fn once(text: String) -> io::Result<String> {
    tokio::task::yield_now().await;
    Ok(text)
}

#[circuit(name = "lints::outer")]
#[retry(max = 2, delay = 0, clone(text))]
#[circuit(name = "lints::inner", error = io::Error::other)]
async fn three_layers(text: String, counter: &mut u32) -> io::Result<String> {
    *counter = counter.saturating_add(1);
    tokio::task::yield_now().await;
    Ok(text)
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "lints::boxed")]
fn boxed(text: String, _unused: u32) -> Pin<Box<dyn Future<Output = io::Result<usize>> + Send>> {
    Box::pin(async move {
        tokio::task::yield_now().await;
        Ok(text.len())
    })
}

#[circuit(with = breaker)]
#[bulkhead(with = limits.0)]
#[rate_limit(with = limits.1)]
async fn held(breaker: &CircuitBreaker, limits: (Bulkhead, RateLimit)) -> io::Result<u64> {
    tokio::task::yield_now().await;
    Ok(limits.1.stats().total_admitted)
}

struct Guard {
    is_open: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {}
}

impl Guard {
    #[circuit(name = "lints::closed")]
    #[timeout(5)]
    async fn closed(mut self, text: String) -> io::Result<usize> {
        tokio::task::yield_now().await;
        self.is_open = text.is_empty();
        Ok(text.len())
    }
}

async fn instead(text: String, counter: &mut u32) -> io::Result<String> {
    tokio::task::yield_now().await;
    *counter = counter.saturating_add(1);
    Ok(text)
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "lints::hedge_above")]
#[hedge(after = 1, clone(text))]
#[circuit(name = "lints::hedge_below")]
#[bulkhead(max = 2, wait = 1)]
async fn hedged(text: String, number: u32) -> io::Result<String> {
    tokio::task::yield_now().await;
    Ok(format!("{text}{number}"))
}

#[hedge(after = "p95", min_after = "5ms", max_after = LONGEST, budget = RetryBudget::bucket(TokenBucket::DEFAULT))]
async fn measured(number: u32) -> io::Result<u32> {
    tokio::task::yield_now().await;
    Ok(number)
}

#[fallback(instead, on = "rejected")]
#[timeout(9)]
#[retry(max = 2, delay = 0)]
#[circuit(name = "lints::timed_above")]
#[circuit(name = "lints::timed")]
#[bulkhead(max = 3, wait = 1)]
#[bulkhead(max = 2)]
#[timeout(5, error = io::Error::from)]
async fn timed(text: String, counter: &mut u32) -> io::Result<String> {
    *counter = counter.saturating_add(1);
    tokio::task::yield_now().await;
    Ok(text.clone())
}

#[fallback(value = number, on = "rejected")]
#[retry(max = 2, delay = 0, retry_if_ok = |value| *value == 0, retry_after_ok = |_| None)]
#[circuit(name = "lints::value", failure_if_ok = |value| *value == 0, retry_after_ok = |_| None)]
async fn with_value(number: u32) -> io::Result<u32> {
    tokio::task::yield_now().await;
    Ok(number)
}

#[fallback(|error| if text.is_empty() { Err(error) } else { Ok(text) })]
#[bulkhead(max = 1)]
async fn with_closure(text: String, counter: &mut u32) -> io::Result<String> {
    *counter = counter.saturating_add(1);
    tokio::task::yield_now().await;
    Ok(format!("{text}{counter}"))
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "lints::stream", stream, failure_if = |error| error.kind() != io::ErrorKind::NotFound)]
#[timeout(5)]
async fn streamed(number: u32) -> io::Result<impl Stream<Item = io::Result<u32>>> {
    tokio::task::yield_now().await;
    Ok(stream::iter([Ok(number)]))
}

#[circuit(name = "lints::boxed_stream", stream = "first_item", failure_if_ok = |item| *item == 0)]
async fn boxed_stream(number: u32) -> io::Result<Pin<Box<dyn Stream<Item = io::Result<u32>> + Send>>> {
    tokio::task::yield_now().await;
    Ok(Box::pin(stream::iter([Ok(number)])))
}

fn plain_instead(mut text: String, counter: &mut u32) -> io::Result<String> {
    *counter = counter.checked_add(1).ok_or(io::ErrorKind::QuotaExceeded)?;
    text.push('0');
    Ok(text)
}

#[fallback(plain_instead, on = "rejected", clone(text))]
#[retry(max = 2, delay = 0)]
#[circuit(name = "lints::plain", failure_if = |error| error.kind() != io::ErrorKind::NotFound)]
#[rate_limit(per_second = 9, wait = 1)]
#[bulkhead(max = 2, wait = 1)]
fn plain(text: String, counter: &mut u32) -> io::Result<String> {
    *counter = counter.saturating_add(1);
    Ok(text)
}

#[circuit(name = "lints::plain_once")]
fn plain_once(mut text: String, (left, right): (u32, u32)) -> io::Result<String> {
    text.push('0');
    if left > right {
        return Err(io::Error::other(text));
    }
    Ok(text)
}

#[fallback(|error| if text.is_empty() { Err(error) } else { Ok(text) }, on = "rejected")]
#[bulkhead(max = 1)]
fn plain_with_closure(text: String, counter: &mut u32) -> io::Result<String> {
    *counter = counter.saturating_add(1);
    Ok(format!("{text}{counter}"))
}

impl Guard {
    #[circuit(name = "lints::plain_method")]
    #[bulkhead(max = 2)]
    fn plain(&mut self, text: &str) -> io::Result<usize> {
        self.is_open = text.is_empty();
        Ok(text.len())
    }
}

#[test]
fn crate_with_strict_lints_compiles() -> io::Result<()> {
    // Creates the runtime by hand, because `#[tokio::test]` does not compile under these lints.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    assert_eq!(runtime.block_on(both(1, String::new(), (2, 3)))?, 7);
    assert_eq!(runtime.block_on(once(String::new()))?, "");
    assert_eq!(runtime.block_on(three_layers(String::new(), &mut 0))?, "");
    assert_eq!(runtime.block_on(hedged(String::new(), 0))?, "0");
    assert_eq!(runtime.block_on(measured(4))?, 4);
    assert_eq!(runtime.block_on(with_value(7))?, 7);
    assert_eq!(runtime.block_on(with_closure(String::new(), &mut 0))?, "1");
    assert_eq!(runtime.block_on(timed(String::new(), &mut 0))?, "");
    assert_eq!(plain(String::new(), &mut 0)?, "");
    assert_eq!(plain_once(String::new(), (0, 0))?, "0");
    assert_eq!(plain_with_closure(String::new(), &mut 0)?, "1");
    assert_eq!(Guard { is_open: false }.plain("abc")?, 3);
    let breaker = CircuitBreaker::builder("lints").build().map_err(io::Error::other)?;
    let bulkhead = Bulkhead::builder("lints", 1).build().map_err(io::Error::other)?;
    let limit = RateLimit::builder("lints", 1).build().map_err(io::Error::other)?;
    assert_eq!(runtime.block_on(held(&breaker, (bulkhead, limit)))?, 1);
    assert_eq!(runtime.block_on(Guard { is_open: true }.closed(String::new()))?, 0);
    assert_eq!(runtime.block_on(boxed(String::new(), 0))?, 0);
    assert_eq!(runtime.block_on(runtime.block_on(streamed(7))?.count()), 1);
    assert_eq!(runtime.block_on(runtime.block_on(boxed_stream(7))?.count()), 1);
    Ok(())
}
