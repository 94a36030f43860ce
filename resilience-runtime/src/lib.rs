//! Circuit breakers and retries for async functions, as attributes.
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
//! assert!(connect("127.0.0.1:1").await.is_err()); // three attempts, and nobody listens
//! assert_eq!(get_circuit_stats()["search"].failures, 3);
//! # }
//! ```
//!
//! - [`#[circuit]`](macro@circuit), [`#[retry]`](macro@retry) and [`#[timeout]`](macro@timeout) are the attributes; every option
//!   is listed there.
//! - [`get_circuit_stats`] lists every circuit of the program, [`reset_all_circuits`] closes them all, [`get_circuit`]
//!   finds one by its name, and [`check_circuits`] is a test of one line against contradictory settings.
//! - [`CircuitBreaker`], [`RetryPolicy`] and [`Timeout`] do the same without attributes; [`Permit`] and [`OwnedPermit`] are for calls
//!   that are no single future, such as streams.
//!
//! # Guarantees
//!
//! - A call that was admitted is settled exactly once, also when it is dropped, aborted or panics.
//! - Only what happens within a state counts for it: the late verdict of a call that began before the circuit opened,
//!   closed or was reset shows in the totals and changes nothing.
//! - Trials that have succeeded or are under way are never more than `half_open_max`. One that outlives its
//!   `trial_timeout` no longer counts among them, so that it does not shut everybody out.
//! - An error of yours comes back as it was. A retry returns that of its last attempt, or the rejection that ended it.
//! - No call allocates. No lock is held across an await, an event or code of yours; none is taken by a success through a
//!   closed circuit that has no failures to clear, or by a rejection while the wait runs.
//!
//! # Events
//!
//! Sent with [`tracing`], target `resilience`, after the new state is in force. Every event carries `circuit`, or `func`
//! where it is about a retry or a timeout: the function's name, or the type of the closure given to `call`. Names are escaped.
//! `error` is the first 50 characters of the error where an attribute finds that its type shows one, or what
//! [`Permit::failure_with`] was given; it is `panic` for a panic. [`CircuitBreaker::call`] and [`RetryPolicy::call`], which ask
//! no bound of an error, have none.
//!
//! | event | level | fields |
//! |---|---|---|
//! | `circuit_opened` | WARN | `reason` (`threshold`, `failure_rate`, `slow_rate`, `half_open_failure` or `manual`), `failures`, `error` |
//! | `circuit_forced_open`, `circuit_disabled` | WARN | |
//! | `circuit_half_open` | INFO | sent when the first trial is admitted |
//! | `circuit_closed` | INFO | `reason` (`recovery`) |
//! | `circuit_reset` | INFO | |
//! | `trial_expired` | INFO | `trials`, whose slots came back because they had not ended in time |
//! | `circuit_conflict` | WARN | `option`, `kept`, `kept_at`, `ignored`, `ignored_at` |
//! | `circuit_rejected` | DEBUG | `cooldown_remaining` in whole seconds |
//! | `circuit_success` | DEBUG | `duration_ms` |
//! | `circuit_failure` | DEBUG | `duration_ms`, `error` |
//! | `retry_attempt` | DEBUG | `func`, `attempt` from 1, `delay` in seconds, `error` |
//! | `retry_exhausted` | DEBUG | `func`, `attempt` that was the last, `reason` (`max_elapsed`, `retry_after`, `circuit`, `budget`, `deadline` or `nested`), `error`: what ended a retry that had attempts left |
//! | `timed_out` | DEBUG | `func`, `after` in seconds |
//! | `bulkhead_full` | DEBUG | `bulkhead`, `max` |
//! | `rate_limited` | DEBUG | `rate_limit`, `retry_after` in seconds |
//! | `hedged` | DEBUG | `func`, `attempt` from 2, that begins beside the others |
//! | `fell_back` | DEBUG | `func`, `error`, in the place of which the fallback is called |
//!
//! # Time
//!
//! Cooldowns and trial timeouts run on tokio's clock, in steps of eight nanoseconds, so that `#[tokio::test(start_paused = true)]` and
//! `tokio::time::advance` test them without a wait. A breaker needs no runtime; only a retry that
//! sleeps and a timeout that waits do.
//!
//! # Features
//!
//! Both are on by default.
//!
//! - `macros`: the attributes.
//! - `declare`: circuits of attributes are known before their first call. Without it, from then on.
#![forbid(unsafe_code)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod presets;

mod backoff;
mod breaker;
mod budget;
mod bulkhead;
mod clock;
mod config;
mod deadline;
mod declare;
mod error;
mod events;
mod halves;
mod hedge;
mod keyed;
mod name;
mod random;
mod rate_limit;
mod registry;
mod rejection;
mod retry;
mod shared;
mod stats;
mod sync;
mod timeout;

pub use crate::backoff::Jitter;
pub use crate::breaker::CircuitBreaker;
pub use crate::breaker::builder::CircuitBuilder;
pub use crate::breaker::permit::{OwnedPermit, Permit};
pub use crate::breaker::state::CircuitState;
pub use crate::budget::{RetryBudget, RetryBudgetStats, RetryCost, RetryRatio, TokenBucket};
pub use crate::bulkhead::{Bulkhead, BulkheadBuilder, BulkheadFullError, BulkheadSlot, BulkheadStats};
pub use crate::deadline::{Deadline, deadline, deadline_remaining};
pub use crate::error::{CallError, CircuitConflict, CircuitOpenError, ConfigError};
pub use crate::hedge::Hedge;
pub use crate::rate_limit::{RateLimit, RateLimitBuilder, RateLimitStats, RateLimitedError};
pub use crate::registry::{check_circuits, get_circuit, get_circuit_stats, reset_all_circuits};
pub use crate::retry::RetryPolicy;
pub use crate::retry::builder::RetryBuilder;
pub use crate::retry::rules::{AnyError, RetryEvent, RetryRules};
pub use crate::stats::CircuitStats;
pub use crate::timeout::{Timeout, TimeoutError};

#[doc = include_str!("../docs/bulkhead.md")]
#[cfg(feature = "macros")]
pub use resilience_macros::bulkhead;
#[doc = include_str!("../docs/circuit.md")]
#[doc = include_str!("../docs/functions.md")]
#[doc = include_str!("../docs/expansion.md")]
#[cfg(feature = "macros")]
pub use resilience_macros::circuit;
#[doc = include_str!("../docs/fallback.md")]
#[cfg(feature = "macros")]
pub use resilience_macros::fallback;
#[doc = include_str!("../docs/hedge.md")]
#[cfg(feature = "macros")]
pub use resilience_macros::hedge;
#[doc = include_str!("../docs/rate_limit.md")]
#[cfg(feature = "macros")]
pub use resilience_macros::rate_limit;
#[doc = include_str!("../docs/retry.md")]
#[cfg(feature = "macros")]
pub use resilience_macros::retry;
#[doc = include_str!("../docs/timeout.md")]
#[cfg(feature = "macros")]
pub use resilience_macros::timeout;

/// Runs what the README shows.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
