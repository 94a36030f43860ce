//! Items that expansions use; they are no part of the public interface.
#![allow(missing_docs)]

// Items of the standard library and tokio.
pub use std::time::Duration;
pub use tokio::time::sleep;

// Items of the layers.
pub use crate::bulkhead::Bulkhead;
pub use crate::circuit::breaker::CircuitBreaker;
pub use crate::hedge::{Hedged, began};
pub use crate::rate_limit::RateLimit;
pub use crate::retry::attempts::Attempts;
pub use crate::retry::backoff::Jitter;
pub use crate::retry::budget::RetryBudget;
pub use crate::retry::schedule::Schedule;
pub use crate::timeout::deadline::within;
pub use crate::timeout::timeout::Timer;

// Items of the registry.
#[cfg(feature = "declare")]
pub use crate::registry::declared::Declared;
pub use crate::registry::declared::{BulkheadDeclaration, CircuitDeclaration, RateLimitDeclaration};
pub use crate::registry::key::Key;
pub use crate::registry::site::{KeyedCircuits, Owned, Site};
#[cfg(feature = "declare")]
pub use inventory::submit;

// Items of the expansion.
pub use crate::base::outcome::Outcome;
pub use crate::expansion::cause::Cause;
pub use crate::expansion::outcome::{Holds, never, rejected, rejected_with, timed_out};
pub use crate::expansion::rejection::Rejection;
pub use crate::expansion::settle::{admit, end_by_caller, fall_back, settle, settle_by, watch};
pub use crate::expansion::text::{NotShown, Shown, Text};

/// A marker at the beginning of a body that has been expanded.
pub const __RESILIENCE_EXPANDED: () = ();

/// Collects the declaration of a site at link time, before its first call.
#[cfg(feature = "declare")]
#[doc(hidden)]
#[macro_export]
macro_rules! __declare {
    ($site:ident) => {
        $crate::__private::submit! { $crate::__private::Declared($site.declaration()) }
    };
}

#[cfg(not(feature = "declare"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __declare {
    ($site:ident) => {};
}

pub use __declare as declare;
