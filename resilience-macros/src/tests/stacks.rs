//! Tests several thousand combinations of attributes on functions of many kinds. Each combination must give an
//! expansion or a compile error.
//!
//! The test puts each attribute of [`SPELLINGS`], and each pair of attributes from [`PAIRED`], on each function of
//! [`SHAPES`]. The test also puts each triple of attributes from [`TRIPLED`] on the first function of [`SHAPES`]. If
//! the environment variable `RESILIENCE_EXPANSIONS` contains a path, the test writes all expansions to the file with
//! this path. To see whether a change of this crate alters an expansion, compare the files from before and after the
//! change:
//!
//! ```text
//! RESILIENCE_EXPANSIONS=/tmp/before.txt cargo test --package resilience-macros stacks
//! RESILIENCE_EXPANSIONS=/tmp/after.txt cargo test --package resilience-macros stacks
//! cmp /tmp/before.txt /tmp/after.txt
//! ```

use std::env;
use std::fmt::Write;
use std::fs;

use proc_macro2::TokenStream;

use super::expand_with;
use crate::ATTRIBUTES;

/// Attributes with valid and invalid options. The test replaces `NAME` by a circuit name. Two attributes on one
/// function get different circuit names.
const SPELLINGS: &[&str] = &[
    // Bulkheads.
    "bulkhead(max = 1)",
    "bulkhead(max = 8, wait = 0)",
    "bulkhead(max = 8, wait = 2)",
    "bulkhead(wait = \"1.5s\", max = 4294967295, error = full)",
    "bulkhead(max = 2, error = |full| Error::new(x.clone(), full))",
    "bulkhead(with = SHARED)",
    "bulkhead(with = self.pool(x).bulkhead, error = Error::Full)",
    "bulkhead(max = 1, crate = ::other::runtime)",
    "bulkhead",
    "bulkhead(max = 0)",
    "bulkhead(max = 1, with = SHARED)",
    "bulkhead(with = SHARED, wait = 1)",
    "bulkhead(max = 1, wait = -1)",
    // Circuits.
    "circuit(name = NAME)",
    "circuit(name = \"same\")",
    "circuit(name = NAME, threshold = 5)",
    "circuit(name = NAME, threshold = 5, window = 60)",
    "circuit(name = NAME, threshold = 5, calls = 65535)",
    "circuit(name = NAME, failure_rate = 0.5, min_calls = 10, calls = 100)",
    "circuit(name = NAME, failure_rate = 1, slow_rate = 0.9, slow_call = \"250ms\", min_calls = 10, window = \"1m\")",
    "circuit(name = NAME, slow_call = 1, slow_rate = 1, min_calls = 1, calls = 1)",
    "circuit(name = NAME, cooldown = 30)",
    "circuit(name = NAME, cooldown = \"10s\", cooldown_factor = 2, max_cooldown = \"5m\", cooldown_jitter = 0.2)",
    "circuit(name = NAME, half_open_max = 3, trial_timeout = 7.5)",
    "circuit(name = NAME, count = \"attempts\")",
    "circuit(name = NAME, count = \"requests\")",
    "circuit(name = NAME, shadow = true)",
    "circuit(name = NAME, shadow = false)",
    "circuit(name = NAME, durations = true)",
    "circuit(name = NAME, stream)",
    "circuit(name = NAME, stream = \"first_item\", failure_if = f, failure_if_ok = g, retry_after_ok = h)",
    "circuit(name = NAME, stream = false, failure_if_ok = g)",
    "circuit(name = NAME, stream = 5)",
    "circuit(name = NAME, key = x)",
    "circuit(name = NAME, key = (x.host(), 7), max_keys = 100, threshold = 2)",
    "circuit(name = NAME, failure_if = Error::is_transient)",
    "circuit(name = NAME, failure_if = |error| x.is_failure(error))",
    "circuit(name = NAME, failure_if_ok = |ok| ok.status >= 500)",
    "circuit(name = NAME, retry_after = Error::retry_after)",
    "circuit(name = NAME, failure_if = f, failure_if_ok = &g, retry_after = |y| y.hint(x))",
    "circuit(name = NAME, failure_if_ok = f, retry_after_ok = |y| y.hint(x))",
    "circuit(name = NAME, retry_after_ok = Page::retry_after)",
    "circuit(name = NAME, error = Error::from)",
    "circuit(name = NAME, error = |open| Error::Open(x.len(), open))",
    "circuit(with = BREAKER)",
    "circuit(with = self.breaker, failure_if = f, error = g)",
    "circuit(with = if y { &A } else { &B })",
    "circuit(name = NAME, crate = runtime)",
    "circuit(crate = ::a::b, retry_after = f, error = g, failure_if_ok = h, failure_if = i, cooldown = 1, name = NAME)",
    "circuit",
    "circuit(name = \"\")",
    "circuit(name = NAME, with = BREAKER, key = x, threshold = 1)",
    "circuit(name = NAME, threshold = 0)",
    "circuit(name = NAME, threshold = 9, calls = 8)",
    "circuit(name = NAME, window = 1, calls = 8, threshold = 1)",
    "circuit(name = NAME, failure_rate = 0.5)",
    "circuit(name = NAME, max_keys = 10)",
    "circuit(name = NAME, max_keys = 10000000, key = x)",
    "circuit(name = NAME, thresholt = 5, cooldwn)",
    "circuit(name = NAME, cooldown = 5, max_cooldown = 4)",
    "circuit(name = NAME, failure_if = 5, error = \"f\", window = \"25h\")",
    "circuit(NAME)",
    // Fallbacks.
    "fallback(cached)",
    "fallback(Self::cached)",
    "fallback(cached, with_error = true)",
    "fallback(cached, with_error = false)",
    "fallback(cached, on = \"any\")",
    "fallback(cached, on = \"rejected\")",
    "fallback(cached::<u8>, on = \"rejected\", with_error = true, clone(x))",
    "fallback(cached, clone(x, y))",
    "fallback(cached, crate = other)",
    "fallback(|x| x)",
    "fallback(|error| x.or(error), on = \"rejected\")",
    "fallback(|_| Ok(x), name = \"counted\", clone(x, y))",
    "fallback(value = x.len())",
    "fallback(value = 7, on = \"rejected\", clone(x))",
    "fallback(value = self.default, crate = other)",
    "fallback",
    "fallback(value = 7, with_error = true)",
    "fallback(cached, value = 7)",
    "fallback(value = f(x).await)",
    "fallback(async |error| Err(error))",
    "fallback(cached, on = \"open\")",
    "fallback(cached, clone(self, z))",
    // Hedges.
    "hedge(after = 1)",
    "hedge(after = \"100ms\", max = 2)",
    "hedge(after = 0.5, max = 5)",
    "hedge(after = 1, clone(x))",
    "hedge(after = 1, max = 3, clone(x, y), crate = other)",
    "hedge(after = \"p95\", min_after = \"5ms\", max_after = 1)",
    "hedge(after = \"p99.9\", min_after = MIN, max_after = Duration::from_secs(1), max = 3, budget = BUDGET, name = \"h\")",
    "hedge(after = \"p50\", min_after = x, max_after = T::MAX)",
    "hedge(after = \"p95\")",
    "hedge(after = \"p49\", min_after = 1, max_after = 2)",
    "hedge(after = 1, min_after = 1)",
    "hedge(after = 1, budget = BUDGET)",
    "hedge(after = 1, max = 3, budget = RetryBudget::new(10.0), clone(x))",
    "hedge(with = self.hedge, budget = self.budget)",
    "hedge(after = x.limit, budget = y.budget())",
    "hedge(after = 1, budget = 5)",
    "hedge",
    "hedge(after = 0)",
    "hedge(after = 1, max = 6)",
    // Rate limits.
    "rate_limit(per_second = 100)",
    "rate_limit(per_second = 1000000, burst = 1)",
    "rate_limit(per_second = 10, error = Error::limited)",
    "rate_limit(per_second = 10, error = |limited| Error::new(x, limited))",
    "rate_limit(with = LIMIT)",
    "rate_limit(with = &self.limit, error = f, crate = other)",
    "rate_limit",
    "rate_limit(per_second = 1000001)",
    "rate_limit(with = LIMIT, burst = 5)",
    // Retries.
    "retry",
    "retry()",
    "retry(max = 1)",
    "retry(max = 2, delay = \"250ms\")",
    "retry(max = 5, delay = 1, backoff = 1.5)",
    "retry(max = 9, delay = 0)",
    "retry(max_delay = 3, delay = 1)",
    "retry(jitter = \"full\")",
    "retry(jitter = \"equal\", max_elapsed = 10)",
    "retry(jitter = \"decorrelated\", max_delay = 20)",
    "retry(count_nested = true)",
    "retry(count_nested = false, max = 2)",
    "retry(budget = BUDGET)",
    "retry(budget = RetryBudget::new(10.0), cost = Error::cost)",
    "retry(budget = crate::BUDGET, cost = |error| error.cost())",
    "retry(retry_if = Error::is_transient)",
    "retry(retry_if = |error| !error.is_fatal(), retry_if_ok = |ok| ok.is_empty())",
    "retry(retry_after = Error::retry_after)",
    "retry(retry_if_ok = f, retry_after_ok = |page| page.hint(x))",
    "retry(budget = BUDGET, retry_if_ok = f, cost_ok = Page::cost)",
    "retry(with = self.policy)",
    "retry(cost_ok = f)",
    "retry(on_retry = |retry| log(retry))",
    "retry(attempt = n)",
    "retry(attempt = x)",
    "retry(clone(x))",
    "retry(clone(x, y), attempt = n, max = 4)",
    "retry(on_retry = a, cost = b, budget = c, retry_if_ok = d, retry_if = e, retry_after = f, crate = other)",
    "retry(max = 0)",
    "retry(delay = 2, max_delay = 1)",
    "retry(backoff = 2, jitter = \"decorrelated\")",
    "retry(delay = 5, max_elapsed = 1)",
    "retry(cost = f)",
    "retry(clone(self, z, 5))",
    "retry(max = 3 delay = 1, max = 2)",
    "retry = 3",
    // Timeouts.
    "timeout(5)",
    "timeout(\"250ms\")",
    "timeout(0.5, error = Error::late)",
    "timeout(5, error = |late| Error::new(&x, late))",
    "timeout(60, crate = other)",
    "timeout",
    "timeout(0)",
    "timeout(after = 5)",
    // Attributes of this crate with a path, and attributes of other crates.
    "resilience_runtime::retry(max = 2)",
    "::resilience_runtime::timeout(5)",
    "other::circuit(name = NAME)",
    "instrument(skip(x))",
    "allow(unused)",
];

const PAIRED: &[&str] = &[
    "bulkhead(max = 1)",
    "bulkhead(max = 8, wait = 2, error = |full| Error::new(x, full))",
    "bulkhead(with = SHARED)",
    "circuit(name = NAME, threshold = 5, cooldown = 30)",
    "circuit(name = NAME, key = x, failure_if = |error| x.is_failure(error), error = f)",
    "circuit(name = NAME, retry_after = Error::retry_after)",
    "circuit(name = NAME, failure_if_ok = f, retry_after_ok = g)",
    "circuit(with = self.breaker)",
    "circuit(name = NAME, stream, failure_if = |error| x.is_failure(error))",
    "circuit(name = \"same\")",
    "fallback(cached)",
    "fallback(|error| x.or(error))",
    "fallback(value = x, on = \"rejected\", clone(x))",
    "fallback(cached, on = \"rejected\", with_error = true, clone(x))",
    "hedge(after = 1)",
    "hedge(after = 6, max = 3, clone(x))",
    "hedge(after = \"p95\", min_after = 1, max_after = 6, max = 3, budget = BUDGET)",
    "rate_limit(per_second = 100)",
    "rate_limit(with = LIMIT, error = |limited| Error::new(x, limited))",
    "retry",
    "retry(max = 2, delay = \"250ms\", clone(x), attempt = n)",
    "retry(budget = BUDGET, retry_if = f, jitter = \"full\")",
    "retry(max = 4, retry_if_ok = f)",
    "retry(with = self.policy)",
    "retry(max = 7, retry_after = g, budget = RetryBudget::new(10.0), cost = h)",
    "timeout(5)",
    "timeout(2, error = |late| Error::new(&x, late))",
    "timeout(10, crate = other)",
];

const TRIPLED: &[&str] = &[
    "bulkhead(max = 1)",
    "bulkhead(max = 8, wait = 2)",
    "circuit(name = NAME)",
    "circuit(name = NAME, retry_after = f, error = |open| Error::new(x, open))",
    "fallback(cached)",
    "fallback(cached, on = \"rejected\", with_error = true)",
    "hedge(after = 1, max = 3)",
    "rate_limit(per_second = 100)",
    "rate_limit(with = LIMIT, error = g)",
    "retry(max = 2, clone(x))",
    "retry(budget = RetryBudget::new(10.0))",
    "timeout(5)",
    "timeout(2, error = late)",
];

/// Functions of each kind, such as a method, a generic function or a boxed future. The last items of the list do not
/// parse, or cannot have an attribute of this crate.
const SHAPES: &[&str] = &[
    "/// Fetches.\nasync fn plain(x: String, y: &Client, z: &mut Vec<u8>) -> Result<Page, Error> \
     { z.clear(); y.get(&x).await?.page(\"{x}\") }",
    "/// Streams.\nasync fn stream(x: String, y: &Client) -> Result<impl Stream<Item = Result<Page, Error>>, Error> \
     { y.pages(x).await }",
    "pub async fn pattern((x, mut y): (String, u8), Point { z, .. }: &Point, [a, _]: [Vec<u8>; 2], _: u8) \
     -> io::Result<()> { y += 1; f(x, y, z, a).await }",
    "/// Sends.\npub(crate) async fn method(&self, x: u8, y: &'a str) -> crate::Result<Vec<u8>> \
     { self.client.get(x, y).await }",
    "async fn unique(&mut self, mut x: Vec<u8>, y: impl Into<String>) -> Result<(), Box<dyn Error>> \
     { x.push(1); self.send(x, y.into()).await }",
    "async fn owned(self: Arc<Self>, #[cfg(unix)] x: u8, y: u8) -> Result<Self, Error> { self.call(x, y).await }",
    "/// Asks.\n#[must_use] async fn generic<T: Ask, const N: usize>(x: T, y: impl Fn(&T) -> [u8; N]) \
     -> Result<impl Sized, Error<T>> where T: Send { #![allow(unused)] let n = y(&x); ask(x, n).await }",
    "fn boxed<'a, 'async_trait>(&'a self, x: String, y: &'a str) \
     -> Pin<Box<dyn Future<Output = Result<u8, Error>> + Send + 'async_trait>> where 'a: 'async_trait { Box::pin(async move { \
     if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<Result<u8, Error>> { \
     #[allow(unreachable_code)] return __ret; } \
     let __self = self; let x = x; let y = y; let __ret: Result<u8, Error> = { __self.get(x, y).await }; \
     #[allow(unreachable_code)] __ret }) }",
    "/// Loads.\nfn returned(x: String, y: &u8) -> impl Future<Output = Result<u8, Error>> + use<'_> \
     { let y = y.clone(); async move { load(x, y).await } }",
    "async fn traced(x: String, y: u8) -> Result<u8, Error> { \
     let __tracing_attr_span = span!(\"traced\", x = %x); \
     let __tracing_instrument_future = async move { send(x, y).await }; \
     if !__tracing_attr_span.is_disabled() { Instrument::instrument(__tracing_instrument_future, __tracing_attr_span).await } \
     else { __tracing_instrument_future.await } }",
    "async fn nothing() -> Result<(), Error> { Ok(()) }",
    "async fn without_body(x: u8) -> Result<u8, Error>;",
    "fn blocking(x: u8) -> Result<u8, Error> { block_on(x) }",
    "const unsafe fn constant(x: u8) -> u8 { x }",
    "async fn unfinished(x: u8, y) -> Result<u8, Error> { x. }",
    "struct Item;",
];

/// Calls `take` for each attribute of [`SPELLINGS`] alone on each function of [`SHAPES`].
pub(super) fn for_each_alone(mut take: impl FnMut(&[&str], &str)) {
    for shape in SHAPES {
        for spelling in SPELLINGS {
            take(&[spelling], shape);
        }
    }
}

/// Calls `take` with the attributes and the function of each combination that the test expands. The outermost attribute
/// comes first.
fn for_each(mut take: impl FnMut(&[&str], &str)) {
    for shape in SHAPES {
        for spelling in SPELLINGS {
            take(&[spelling], shape);
        }
        for outer in PAIRED {
            for inner in PAIRED {
                take(&[outer, inner], shape);
            }
        }
    }
    for outer in TRIPLED {
        for middle in TRIPLED {
            for inner in TRIPLED {
                take(&[outer, middle, inner], SHAPES[0]);
            }
        }
    }
}

/// Expands the attributes in `stack` on the function `item`. Returns `None` if the outermost attribute belongs to
/// another crate.
pub(super) fn expansion(takes_faults: bool, stack: &[&str], item: &str) -> Option<TokenStream> {
    let names = ["\"a\"", "\"b\"", "\"c\""];
    let mut stack = stack.iter().zip(names).map(|(spelling, name)| spelling.replace("NAME", name));
    let outermost = stack.next()?;
    let (name, args) = match outermost.split_once('(') {
        Some((name, args)) => (name, args.strip_suffix(')')?),
        None => (outermost.as_str(), ""),
    };
    let below: Vec<_> = stack.map(|spelling| format!("#[{spelling}]")).collect();
    let item = format!("{} {item}", below.join(" ")).parse().unwrap();
    ATTRIBUTES
        .iter()
        .any(|attribute| attribute.name == name)
        .then(|| expand_with(takes_faults, name, args.parse().unwrap(), &item))
}

#[test]
fn every_stack_expands_or_fails_to_compile() {
    let mut dump = String::new();
    let (mut expanded, mut refused) = (0, 0);
    for_each(|stack, item| {
        let Some(expansion) = expansion(false, stack, item) else { return };
        let text = expansion.to_string();
        let is_refused = text.contains("compile_error");
        assert!(
            is_refused || text.contains("__private"),
            "neither an expansion nor an error: {stack:?} {item}: {text}"
        );
        *if is_refused { &mut refused } else { &mut expanded } += 1;
        writeln!(dump, "{stack:?}\n{item}\n{text}\n").unwrap();
    });
    assert!(expanded > 3_000 && refused > 3_000, "{expanded} stacks expanded, {refused} were refused");
    if let Some(path) = env::var_os("RESILIENCE_EXPANSIONS") {
        fs::write(path, dump).unwrap();
    }
}
