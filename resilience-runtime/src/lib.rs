//! Provides attributes for async functions: circuit breakers, retries, timeouts, bulkheads, rate limits, fallbacks and
//! hedges.
//!
//! ```
//! use resilience_runtime::{circuit, get_circuit_stats, retry};
//! use tokio::net::TcpStream;
//!
//! #[retry(max = 3, delay = 0.1, backoff = 2.0)]
//! #[circuit(name = "search", threshold = 5, cooldown = 30)]
//! async fn connect(address: &str) -> std::io::Result<TcpStream> {
//!     TcpStream::connect(address).await
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! assert!(connect("127.0.0.1:1").await.is_err()); // after 3 attempts
//! assert_eq!(get_circuit_stats()["search"].failures, 3);
//! # }
//! ```
//!
//! # Attributes
//!
//! Each attribute has a page that lists its options. The page of [`#[circuit]`](macro@circuit#which-functions) also
//! lists the kinds of functions that the attributes can decorate. The last column of the following table names a type
//! that has the same effect as the attribute, for code without attributes.
//!
//! | attribute | effect | without the attribute |
//! |---|---|---|
//! | [`#[circuit]`](macro@circuit) | rejects calls while the called service keeps failing | [`CircuitBreaker`] |
//! | [`#[retry]`](macro@retry) | repeats a failed call, with growing pauses | [`RetryPolicy`] |
//! | [`#[timeout]`](macro@timeout) | ends a call that takes too long | [`Timeout`] |
//! | [`#[bulkhead]`](macro@bulkhead) | limits the number of concurrent calls | [`Bulkhead`] |
//! | [`#[rate_limit]`](macro@rate_limit) | limits the rate of calls | [`RateLimit`] |
//! | [`#[fallback]`](macro@fallback) | replaces an error by a value, or by the outcome of another function | |
//! | [`#[hedge]`](macro@hedge) | starts another attempt if the first is slow | [`Hedge`] |
//!
//! If an attribute rejects or ends a call, the decorated function returns an error of its declared error type. The
//! option `error` names a function that creates this error. Without this option, the error type must implement
//! `From<Rejection>`, or `From` for the error of the attribute, for example `From<CircuitOpenError>`. The types
//! [`std::io::Error`], `Box<dyn Error>` and `anyhow::Error` implement `From` for the errors of all attributes. The
//! function [`Rejection::find`] searches an error and its sources for a rejection.
//!
//! All attributes except `#[timeout]` and `#[hedge]` also decorate plain functions (functions that are not `async`).
//! The guide [Plain functions](guide::plain_functions) describes when such a function blocks the thread of the caller.
//!
//! The methods `call` of [`CircuitBreaker`], [`Timeout`], [`Bulkhead`] and [`RateLimit`] accept every error type. These
//! methods return a [`CallError`], which contains either a rejection or the error of the call. [`RetryPolicy::call`]
//! and [`Hedge::call`] never reject a call, and return the error of the call unchanged.
//!
//! Several attributes on one function form a stack. Each attribute is a layer of the stack, and the topmost attribute
//! is the outermost layer. The function [`deadline`](fn@deadline) sets a time limit for the retries, hedges, bulkheads,
//! rate limits and timeouts inside a future. To protect work that is not a single future, acquire a [`Permit`] or an
//! [`OwnedPermit`] from a circuit. The page [Streams](guide::streams) describes calls that return a stream. Permits and
//! [`CircuitBreaker::call_with`] judge each outcome with a [`Classifier`], which contains options such as `failure_if`.
//!
//! # Guides
//!
//! - [Stacking attributes](guide::stacking): a function with four attributes, and the effect of their order.
//! - [What counts](guide::what_counts): how each layer treats each outcome of a call.
//! - [Plain functions](guide::plain_functions): the attributes on functions that are not `async`.
//! - [Streams](guide::streams): a circuit and time limits for a call that returns a stream.
//! - [Settings at run time](macro@circuit#settings-at-run-time): options that are known only at run time, such as a
//!   threshold from an environment variable.
//! - [Configuration](guide::configuration): settings from a file that the program watches, and from the environment.
//! - [Metrics](guide::metrics): metrics for Prometheus, for the crate `metrics` and for OpenTelemetry.
//! - [Snapshots](guide::snapshots): statistics as JSON, and circuits that keep their state across a restart.
//! - [Testing your code](guide::testing_your_code): outages in tests, with the feature `test-util`.
//! - [Testing with a paused clock](guide::testing): tests that do not wait in real time for cooldowns and pauses.
//! - [Coming from another library](guide::coming_from): the options of resilience4j and Polly, and the corresponding
//!   options of this crate.
//! - [Platforms](guide::platforms): the supported compilers and targets.
//!
//! # Inspection and operation
//!
//! - [`get_circuit_stats`] returns the statistics of every circuit that is registered, or that an attribute declares.
//! - [`get_circuit`] returns a circuit by its name.
//! - [`reset_all_circuits`] closes all registered circuits.
//! - [`get_stats`] returns the statistics of all layers: circuits, retries, timeouts, bulkheads, rate limits, hedges
//!   and fallbacks.
//! - [`reset_all`] resets all circuits, all retry budgets, and the rate limits of attributes.
//! - [`check`] finds mistakes in the settings of all layers, and [`check_circuits`] finds circuits with contradictory
//!   settings. Call these functions in a test.
//! - [`prometheus_text`] and [`openmetrics_text`] return the metrics of all layers as text.
//! - [`health`](fn@health) reports whether circuits are open, for example to a readiness probe. [`set_health_rules`]
//!   sets the rules of this report.
//! - [`subscribe`] returns a stream of the state changes of all circuits.
//! - [`configure`](fn@configure) changes the settings of a circuit while the program runs. [`configure_retry`],
//!   [`configure_timeout`], [`configure_bulkhead`], [`configure_rate_limit`] and [`configure_hedge`] change the
//!   settings of other layers.
//!
//! # Guarantees
//!
//! - A circuit counts each admitted call exactly once: as success, failure, ignored or cancelled. A call is ignored if
//!   its error does not count as a failure, for example because of the option `failure_if`. A call counts as cancelled
//!   if its future is dropped. If a call is dropped after it ran for the time of the option `hung_after`, the call
//!   counts as a failure instead.
//! - A call that started before the last state change of a circuit no longer affects this circuit. The result of the
//!   call appears only in the totals of [`CircuitStats`].
//! - A half-open circuit admits a few calls as trials. The number of running trials plus the number of successful
//!   trials never exceeds the option `half_open_max`. After three trials that were ignored or cancelled, each further
//!   one raises this limit by one, by at most 32 in total. If the time `trial_timeout` passes after the start of the
//!   newest trial, the sum no longer includes the running trials. The circuit then admits another trial.
//! - Your errors are returned unchanged. A retry returns the error of its last attempt, or the rejection that ended the
//!   retry.
//! - A layer (an attribute of a function) allocates memory at its first call. A retry also allocates memory at its
//!   first failed attempt. A fallback also allocates memory when it replaces an error for the first time. A circuit
//!   also allocates memory when its state changes for the first time. Later calls allocate memory in the following four
//!   cases only:
//!   - With the option `key`, each key has its own circuit. A call allocates if no circuit exists for its key.
//!   - With the option `stream`, a call allocates if the function returns a boxed stream.
//!   - The error of a layer, such as a [`CircuitOpenError`], allocates when it is converted to an [`std::io::Error`], a
//!     `Box<dyn Error>` or an `anyhow::Error`.
//!   - A call of a function that is not `async` allocates if the call waits for a slot of a bulkhead or for a rate
//!     limit.
//! - The library holds no lock during an `.await`, during the emission of an event, or while your code runs.
//! - During its cooldown, an open circuit without a `key` takes no lock to reject a call. A success through a closed
//!   circuit takes a lock only in these cases:
//!   - The first call of a function takes a lock to find the circuit by its name.
//!   - Each call of a function with a `key` takes a lock to find the circuit of this key.
//!   - The first success after a failure takes a lock.
//!   - If a thread has had no success in any circuit yet, its first success takes a lock.
//!   - After the circuit closes or is reset, the first success of each thread takes a lock.
//!   - A success takes a lock if the call is slow (see the option `slow_call`).
//!   - If the circuit has a time window, the first success in each tenth of the window takes a lock.
//!   - A success takes a lock if another thread changes the state of the circuit during the call.
//!   - A success takes a lock if another thread increments the same counter of successes at the same moment.
//!   - A success takes a lock if the counter of successes is full, after four billion successes.
//!
//! # Events
//!
//! The crate emits events with `tracing` and the target `resilience`. The crate emits an event after the change that
//! the event reports. An event of a circuit has a field `circuit` with the name of the circuit. An event of a bulkhead
//! has a field `bulkhead` with the name of the bulkhead. An event of a rate limit has a field `rate_limit` with the
//! name of the rate limit. An event of a retry, timeout, fallback or hedge has a field `func` with the name of the
//! decorated function. For a method such as [`RetryPolicy::call`], the field `func` contains the type name of the
//! closure or future that the method received. The events escape special characters in names, including quotation
//! marks.
//!
//! The field `error` contains the first 50 characters of the error's text, if the error type implements `Display`. If
//! the error type is a type parameter of the function, the field appears only if the bounds of the parameter include
//! `Display`. After [`Permit::failure_with`], the field `error` contains the error that this method received. After a
//! panic, the field `error` contains `panic`. If a call counts as a failure only because of the option `hung_after`,
//! the field `error` contains `hung`. The methods [`CircuitBreaker::call`] and [`RetryPolicy::call`] accept error types
//! without `Display`. The events of these methods therefore have no field `error` for an error that the call returns.
//! The events of [`CircuitBreaker::call_with`] have the field `error` if the option [`ClassifierBuilder::as_error`] is
//! set.
//!
//! A program can also receive events without a `tracing` subscriber. [`subscribe`] returns a stream of the state
//! changes of all circuits, and [`subscribe_all`] returns a stream of all events. [`on_transition`] calls a function
//! for each state change of a circuit.
//!
//! | event | level | fields |
//! |---|---|---|
//! | `circuit_opened` | WARN | `reason` (`threshold`, `failure_rate`, `slow_rate`, `half_open_failure` or `manual`), `failures`, `error` |
//! | `circuit_forced_open`, `circuit_disabled` | WARN | |
//! | `circuit_half_open` | INFO | emitted when the first trial is admitted |
//! | `circuit_closed` | INFO | `reason` (`recovery`) |
//! | `circuit_reset` | INFO | emitted for each reset, even if the circuit was closed |
//! | `circuit_restored` | INFO | `state`, `cooldown_remaining` in seconds if the state is `open`; emitted when a circuit takes its state from a snapshot, see [Snapshots](guide::snapshots) |
//! | `trial_expired` | INFO | `trials`: number of unfinished trials that no longer block other calls |
//! | `circuit_conflict` | WARN | `option`, `kept`, `kept_at`, `ignored`, `ignored_at`; emitted when a circuit is registered, or receives further options, and its options contradict each other; `option` is `key` if a name is used both with and without the option `key` |
//! | `layer_conflict` | WARN | `layer`, `name`, `option`, `kept`, `kept_at`, `ignored`, `ignored_at`; emitted at the first call of a function if two attributes with one name set one option to different values; `option` is `key` if a bulkhead or a rate limit has attributes both with and without the option `key` |
//! | `option_missing` | ERROR | `layer`, `name`, `option`, `place`; emitted at the first call of a function if neither an attribute with this name nor a change at run time sets a required option |
//! | `keys_full` | WARN | `max_keys`; emitted when a new key gets a temporary circuit, or shares a bulkhead or a rate limit with other keys, because nothing can be evicted; at most once a minute for each name |
//! | `circuit_blind` | WARN | `calls`: number of consecutive calls that were cancelled or ended by a deadline; at most once a minute for each circuit |
//! | `circuit_rejected` | DEBUG | for an open circuit `cooldown_remaining` in whole seconds; otherwise `state`, and `retry_after` in whole seconds |
//! | `circuit_success` | DEBUG | `duration_ms` |
//! | `circuit_failure` | DEBUG | `duration_ms`, `error` |
//! | `retry_attempt` | DEBUG | `func`, `attempt` from 1, `delay` in seconds, `error` |
//! | `retry_exhausted` | DEBUG | `func`, `attempt` (number of the last attempt, which equals `max`), `error` |
//! | `retry_gave_up` | DEBUG | `func`, `attempt`, `error`, and the `reason` why no attempt follows: `not_retryable`, `circuit` (a circuit inside the retry stays open longer than the pause), `rejected` (a circuit rejected the attempt), `retry_after`, `max_elapsed`, `budget`, `deadline` or `nested` |
//! | `timed_out` | DEBUG | `func`, `after` in seconds |
//! | `bulkhead_full` | DEBUG | `bulkhead`, `max` |
//! | `rate_limited` | DEBUG | `rate_limit`, `retry_after` in seconds, unless the limit will never admit the call |
//! | `hedged` | DEBUG | `func`, `attempt`: number of the attempt that starts, from 2 |
//! | `callback_panicked` | ERROR | `event`, `circuit`: name of the event for which a function of `on_transition` panicked, and name of the circuit |
//! | `chaos_armed` | WARN | `name`, `fault` (`error`, `latency`, `hang` or `panic`), `rate`, `remaining` in whole seconds; emitted at the injection of a fault into a running service, and then at most once a minute; needs the feature `chaos` |
//! | `chaos_disarmed` | WARN | `name`, `fault`, `reason` (`time`, `removed`, `disarmed` or `reset`) |
//! | `chaos_refused` | WARN | `name`, `func`, `made`, `wanted`: the types of the fault's errors and of the function's errors; emitted when a fault ends because it does not suit the function |
//! | `fault_injected` | DEBUG | `name`, `func`, `fault`, `latency` in seconds |
//! | `fell_back` | DEBUG | `func`, `error`: the error that the fallback replaces |
//! | `config_applied` | INFO | `source` (a file, `environment` or `config`), `settings`: number of settings; needs the feature `config` |
//! | `config_refused` | WARN | `source`, `mistakes`: number of mistakes, `mistake`: the first mistake, with its file and line; the settings in force stay |
//!
//! If a subscriber is added during a call, the events of this call may lack `duration_ms`. For a circuit with the
//! option `hung_after`, `duration_ms` is then the time since the first wait of the body.
//!
//! # Time
//!
//! All attributes measure time with tokio's clock, in steps of eight nanoseconds. With tokio's feature `test-util`, a
//! test can pause this clock with `#[tokio::test(start_paused = true)]`, and move the clock with
//! `tokio::time::advance`. In such a test, the pauses of async functions take no real time.
//!
//! Circuits and fallbacks need no tokio runtime. In the following cases, a layer needs the timer of a tokio runtime,
//! and panics if no runtime with an enabled timer is running.
//!
//! - A retry needs the timer when it pauses between two attempts.
//! - A timeout needs the timer if the future of its call is not ready at the first poll.
//! - A bulkhead needs the timer when a call has to wait for the end of another call.
//! - A rate limit needs the timer when a call has to wait until the rate admits the call.
//! - A hedge needs the timer if the future of its first attempt is not ready at the first poll.
//! - A `LimitedStream` needs the timer if the next item has a time limit and is not ready.
//!
//! A latency that the module `chaos` or `testing` injects into an async function also needs the timer. The same applies
//! to the futures of `Config::watch` and `metrics::export_every`.
//!
//! Plain functions and the methods `call_blocking` need no runtime. Their pauses and waits use the system's clock.
//! Tests can call [`set_blocking_sleep`] to replace these pauses by a function.
//!
//! # Features
//!
//! The features `macros` and `declare` are on by default. The other features are off by default.
//!
//! | feature | effect | cost |
//! |---|---|---|
//! | `macros` | the attributes | the build of 1 more crate, `resilience-macros`, and of more features of `syn` |
//! | `declare` | functions such as `get_circuit`, `get_stats` and `check` find the layers of attributes before their first call | the build of 1 more crate, `inventory`, and one static constructor per attribute |
//! | `http-date` | the function `retry_after_header`, which parses the HTTP header `Retry-After` | the build of 1 more crate, `httpdate` |
//! | `serde` | the statistics and [`Health`] implement `Serialize`, and the functions `snapshot` and `restore` keep the state of circuits and rate limits across a restart; see [Snapshots](guide::snapshots) | the build of 2 more crates, `serde` and `serde_core`, without a procedural macro |
//! | `stream` | the option `stream` of [`#[circuit]`](macro@circuit), the methods `watch` of [`OwnedPermit`], [`CircuitBreaker`] and [`OwnedBulkheadSlot`], and the type `LimitedStream`; see [Streams](guide::streams) | the build of 1 more crate, `futures-core` |
//! | `metrics` | the functions `metrics::export` and `metrics::export_every`, which pass the metrics to the recorder of the crate `metrics`; see [Metrics](guide::metrics) | the build of 2 more crates, `metrics` and `rapidhash` |
//! | `config` | the types `Config` and `RefusedConfig`, and the function `dump_config`: settings from files and from the environment; see [Configuration](guide::configuration) | the build of 6 more crates, and the feature `rt` of tokio |
//! | `chaos` | the module `chaos`, which injects faults into a running service | no further crate; each decorated function grows, and each call reads one more atomic variable |
//! | `test-util` | isolated tests, faults and assertions, only for dev-dependencies; see [Testing your code](guide::testing_your_code) | no more crates, but the features `rt` and `test-util` of tokio, and code in each decorated function |
#![forbid(unsafe_code)]

#[doc(hidden)]
pub mod __private;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
compile_error!(
    "resilience-runtime does not run on wasm32-unknown-unknown: this target has no clock, so the first circuit or retry \
     would trap. Build for a target with a clock."
);

mod base;
mod bulkhead;
mod call_error;
#[cfg(feature = "chaos")]
pub mod chaos;
mod circuit;
#[cfg(feature = "config")]
mod config;
mod configure;
mod events;
mod expansion;
mod fallback;
#[cfg(feature = "faults")]
mod fault;
mod health;
mod hedge;
pub mod metrics;
mod rate_limit;
mod registry;
mod rejection;
mod retry;
#[cfg(feature = "http-date")]
mod retry_after_header;
#[cfg(feature = "serde")]
mod serialize;
#[cfg(feature = "serde")]
mod snapshot;
#[cfg(feature = "stream")]
mod stream;
#[cfg(feature = "test-util")]
pub mod testing;
mod timeout;

pub use crate::base::accepts::{Accepts, AnyError, AnyValue};
pub use crate::base::blocking::set_blocking_sleep;
pub use crate::base::config_error::ConfigError;
pub use crate::bulkhead::bulkhead::{Bulkhead, BulkheadStats};
pub use crate::bulkhead::error::BulkheadFullError;
pub use crate::bulkhead::{BulkheadBuilder, BulkheadSlot, OwnedBulkheadSlot};
pub use crate::call_error::CallError;
pub use crate::circuit::breaker::CircuitBreaker;
pub use crate::circuit::classifier::Classifier;
pub use crate::circuit::classifier_builder::ClassifierBuilder;
pub use crate::circuit::core::state::CircuitState;
pub use crate::circuit::error::CircuitOpenError;
pub use crate::circuit::permit::{OwnedPermit, Permit};
pub use crate::circuit::stats::CircuitStats;
#[cfg(feature = "config")]
pub use crate::config::config::Config;
#[cfg(feature = "config")]
pub use crate::config::dump::dump_config;
#[cfg(feature = "config")]
pub use crate::config::mistake::{ConfigMistake, RefusedConfig};
#[cfg(feature = "config")]
pub use crate::config::watch::WatchedConfig;
pub use crate::configure::configure::{
    configure, configure_bulkhead, configure_hedge, configure_rate_limit, configure_retry, configure_timeout,
    reset_configuration,
};
pub use crate::configure::settings::{
    BulkheadSettings, HedgeSettings, RateLimitSettings, RetrySettings, TimeoutSettings,
};
pub use crate::events::subscribe::{EventStream, Missed, TransitionGuard, on_transition, subscribe, subscribe_all};
pub use crate::events::value::Event;
pub use crate::fallback::FallbackStats;
pub use crate::health::health::{Health, HealthStatus, Outage, health, health_with, set_health_rules};
pub use crate::health::rules::HealthRules;
pub use crate::hedge::builder::HedgeBuilder;
pub use crate::hedge::hedge::Hedge;
pub use crate::hedge::stats::HedgeStats;
pub use crate::metrics::{openmetrics_text, prometheus_text};
pub use crate::rate_limit::RateLimitBuilder;
pub use crate::rate_limit::error::RateLimitedError;
pub use crate::rate_limit::rate_limit::RateLimit;
pub use crate::rate_limit::stats::RateLimitStats;
pub use crate::registry::all_circuits::{check_circuits, get_circuit_stats, reset_all_circuits};
pub use crate::registry::builder::{CircuitBuilder, Configured};
pub use crate::registry::conflict::CircuitConflict;
pub use crate::registry::family::FamilyStats;
pub use crate::registry::key::Key;
pub use crate::registry::keyed_circuits::KeyedCircuits;
pub use crate::registry::mistake::{LayerConflict, MissingOption, SettingsMistake};
pub use crate::registry::presets;
pub use crate::registry::registry::{get_circuit, unregister};
pub use crate::registry::stats::{Stats, check, get_stats, reset_all};
pub use crate::rejection::{Rejection, RejectionKind};
pub use crate::retry::backoff::Jitter;
pub use crate::retry::budget::config::{RetryCost, RetryRatio, TokenBucket};
pub use crate::retry::budget::{RetryBudget, RetryBudgetStats};
pub use crate::retry::builder::RetryBuilder;
pub use crate::retry::layer::RetryStats;
pub use crate::retry::policy::RetryPolicy;
pub use crate::retry::rules::RetryEvent;
pub use crate::retry::start::RetryAttempts;
#[cfg(feature = "http-date")]
pub use crate::retry_after_header::retry_after_header;
#[cfg(feature = "serde")]
pub use crate::snapshot::restore::{RestoreError, Restored, restore};
#[cfg(feature = "serde")]
pub use crate::snapshot::snapshot::{Snapshot, snapshot};
#[cfg(feature = "stream")]
pub use crate::stream::{limited::LimitedStream, permit::WatchedPermit, watched::WatchedStream};
pub use crate::timeout::deadline::{Deadline, deadline, deadline_remaining};
pub use crate::timeout::error::TimeoutError;
pub use crate::timeout::timeout::{Timeout, TimeoutStats};

#[doc = include_str!("../docs/bulkhead.md")]
#[doc(alias("concurrency_limit", "semaphore"))]
#[cfg(feature = "macros")]
pub use resilience_macros::bulkhead;
#[doc = include_str!("../docs/circuit.md")]
#[doc = include_str!("../docs/functions.md")]
#[doc = include_str!("../docs/expansion.md")]
#[doc(alias = "circuit_breaker")]
#[cfg(feature = "macros")]
pub use resilience_macros::circuit;
#[doc = include_str!("../docs/fallback.md")]
#[cfg(feature = "macros")]
pub use resilience_macros::fallback;
#[doc = include_str!("../docs/hedge.md")]
#[doc(alias = "hedged request")]
#[cfg(feature = "macros")]
pub use resilience_macros::hedge;
#[doc = include_str!("../docs/rate_limit.md")]
#[doc(alias("rate_limiter", "throttle"))]
#[cfg(feature = "macros")]
pub use resilience_macros::rate_limit;
#[doc = include_str!("../docs/retry.md")]
#[doc(alias = "backoff")]
#[cfg(feature = "macros")]
pub use resilience_macros::retry;
#[doc = include_str!("../docs/test.md")]
#[cfg(feature = "test-util")]
pub use resilience_macros::test;
#[doc = include_str!("../docs/timeout.md")]
#[doc(alias = "time_limiter")]
#[cfg(feature = "macros")]
pub use resilience_macros::timeout;
// Other libraries use the following names for similar attributes. Each of these names causes a compile error, which
// suggests the attribute of this crate.
#[doc(hidden)]
#[cfg(feature = "macros")]
pub use resilience_macros::{
    circuit_breaker, circuitbreaker, concurrency_limit, concurrency_limiter, fallback_method, hedged, hedging,
    rate_limiter, ratelimit, ratelimiter, retry_with_backoff, retryable, retrying, time_limit, time_limiter,
    timelimiter,
};

/// Runs the examples of the README as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Contains the guides, which are pages about more than one attribute.
#[cfg(any(doc, doctest))]
pub mod guide {
    #[doc = include_str!("../docs/guide/coming_from.md")]
    pub mod coming_from {}
    #[doc = include_str!("../docs/guide/metrics.md")]
    pub mod metrics {}
    #[cfg_attr(feature = "config", doc = include_str!("../docs/guide/configuration.md"))]
    #[cfg_attr(
        not(feature = "config"),
        doc = "Describes settings from files. The text of this page needs the feature `config`."
    )]
    pub mod configuration {}
    #[doc = include_str!("../docs/guide/plain_functions.md")]
    pub mod plain_functions {}
    #[doc = include_str!("../docs/guide/platforms.md")]
    pub mod platforms {}
    #[cfg_attr(feature = "serde", doc = include_str!("../docs/guide/snapshots.md"))]
    #[cfg_attr(not(feature = "serde"), doc = "Describes snapshots. The text of this page needs the feature `serde`.")]
    pub mod snapshots {}
    #[doc = include_str!("../docs/guide/stacking.md")]
    pub mod stacking {}
    #[cfg_attr(feature = "stream", doc = include_str!("../docs/guide/streams.md"))]
    #[cfg_attr(not(feature = "stream"), doc = "Describes streams. The text of this page needs the feature `stream`.")]
    pub mod streams {}
    #[doc = include_str!("../docs/guide/testing.md")]
    pub mod testing {}
    #[cfg_attr(feature = "test-util", doc = include_str!("../docs/guide/testing_your_code.md"))]
    #[cfg_attr(
        not(feature = "test-util"),
        doc = "Describes the test kit. The text of this page needs the feature `test-util`."
    )]
    pub mod testing_your_code {}
    #[doc = include_str!("../docs/guide/what_counts.md")]
    pub mod what_counts {}
}
