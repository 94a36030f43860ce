//! Re-exports the items that the generated code of the attributes uses. These items are not part of the public
//! interface.
#![allow(missing_docs)]

pub use std::time::Duration;
pub use tokio::time::sleep;

#[cfg(feature = "faults")]
pub use crate::base::function::Function;
pub use crate::bulkhead::bulkhead::{Bulkhead, acquire, acquire_within, take};
pub use crate::circuit::breaker::CircuitBreaker;
pub use crate::circuit::options::Counting;
pub use crate::circuit::watched::BodyWaits;
pub use crate::fallback::{Fallback, replace};
#[cfg(feature = "faults")]
pub use crate::fault::point::{Fault, Faulted, NoFault};
pub use crate::hedge::after::HedgeAfter;
pub use crate::hedge::budgeted::Budgeted;
pub use crate::hedge::evaluated::Evaluated;
pub use crate::hedge::events::began;
pub use crate::hedge::hedge::{Hedge, any_hedge};
pub use crate::hedge::hedged::Hedged;
pub use crate::rate_limit::acquire::acquire_tokens_within;
pub use crate::rate_limit::rate_limit::RateLimit;
pub use crate::retry::attempts::Attempts;
pub use crate::retry::backoff::Jitter;
pub use crate::retry::budget::RetryBudget;
pub use crate::retry::held::{HeldBudget, HeldPolicy};
pub use crate::retry::layer::Retry;
pub use crate::retry::schedule::Schedule;
pub use crate::timeout::deadline::allowed;
pub use crate::timeout::timeout::{Timeout, Timer};

pub use crate::registry::declared::CircuitDeclaration;
pub use crate::registry::key::Text as KeyText;
pub use crate::registry::keyed_circuits::KeyedCircuits;
pub use crate::registry::keyed_limits::{KeyedBulkheads, KeyedRateLimits};
pub use crate::registry::layer::LayerDeclaration;
pub use crate::registry::owned::Owned;
pub use crate::registry::site::Site;
#[cfg(feature = "declare")]
pub use inventory::submit;

pub use crate::base::noted::Before;
pub use crate::base::outcome::Outcome;
pub use crate::expansion::blocking;
pub use crate::expansion::body::{Body, NoResult};
pub use crate::expansion::cause::Cause;
pub use crate::expansion::constant;
pub use crate::expansion::conversion::{ByRejection, Conversion, NoConversion};
pub use crate::expansion::outcome::{Holds, forget_error, never, rejected, rejected_with, timed_out};
pub use crate::expansion::search::{Boxed, Opaque, Search, SendBoxed};
pub use crate::expansion::settle::{
    admit, admit_hedged, end_by_caller, enter, evaluate, fall_back, is_repeat, leave, resume, settle, settle_by, wait,
    watch, watch_values,
};
#[cfg(feature = "stream")]
pub use crate::expansion::stream::{join, of_items, split, watch_boxed_stream, watch_stream};
pub use crate::expansion::text::{NotShown, Shown, Text};

/// Marks the body of a function as already expanded by an attribute of this crate. If the user renames an attribute
/// (`use .. as ..`), the attributes above it on the function do not recognise it. The compiler therefore expands the
/// renamed attribute after the other attributes. If the body contains this constant, the renamed attribute reports a
/// compile error, which tells the user to put the renamed attribute on top.
pub const __RESILIENCE_EXPANDED: () = ();

/// Adds the name and the options of a layer to a static list, so that `get_circuit` and `get_stats` find the layer
/// before its first call. `$site` is the static variable that holds the layer of one attribute.
#[cfg(feature = "declare")]
#[doc(hidden)]
#[macro_export]
macro_rules! __declare {
    ($site:ident) => {
        $crate::__private::submit! { $site.declared() }
    };
}

/// Does nothing, because the feature `declare` is off.
#[cfg(not(feature = "declare"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __declare {
    ($site:ident) => {};
}

/// Accepts a named attribute that lacks a required option, because another attribute with the same name can set this
/// option.
#[cfg(feature = "declare")]
#[doc(hidden)]
#[macro_export]
macro_rules! __incomplete {
    ($message:literal) => {};
}

/// Reports a compile error for an attribute that lacks a required option. Without the feature `declare`, no other
/// attribute can set this option.
#[cfg(not(feature = "declare"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __incomplete {
    ($message:literal) => {
        ::core::compile_error!($message);
    };
}

/// Emits the code for the option `stream`, because the feature `stream` is on.
#[cfg(feature = "stream")]
#[doc(hidden)]
#[macro_export]
macro_rules! __stream {
    ($($code:tt)*) => { $($code)* };
}

/// Reports a compile error for the option `stream`, because the feature `stream` is off.
#[cfg(not(feature = "stream"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __stream {
    ($($code:tt)*) => {
        ::core::compile_error!(
            "`stream` needs the feature `stream` of `resilience-runtime`: \
             run `cargo add resilience-runtime --features stream`"
        )
    };
}

/// Makes rustc report an error for an argument that the body moves: this macro borrows the argument in dead code. The
/// error contains the name of the macro, which tells the user to list the argument in `clone`.
#[doc(hidden)]
#[macro_export]
macro_rules! __list_a_consumed_argument_in_clone {
    ($argument:ident) => {
        let _ = || {
            let _ = &$argument;
        };
    };
}

/// Does the same as `list_a_consumed_argument_in_clone` for `self`. The error tells the user to take a reference to
/// `self`, because the option `clone` does not accept `self`.
#[doc(hidden)]
#[macro_export]
macro_rules! __take_a_reference_to_self {
    ($this:ident) => {
        let _ = || {
            let _ = &$this;
        };
    };
}

pub use __declare as declare;
pub use __incomplete as incomplete;
pub use __list_a_consumed_argument_in_clone as list_a_consumed_argument_in_clone;
pub use __stream as stream;
pub use __take_a_reference_to_self as take_a_reference_to_self;
