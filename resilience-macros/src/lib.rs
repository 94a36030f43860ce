//! Implements the attribute macros that `resilience-runtime` re-exports and documents.
//!
//! The attributes of this crate on one function form a stack. Each attribute of a stack is a layer. The following
//! modules expand a stack:
//!
//! 1. `pipeline` removes the attributes of this crate from the function, and calls the other modules.
//! 2. `layers` contains a module for each attribute. The module parses the options, and generates the tokens of the
//!    attribute.
//! 3. `plan` reads the properties of each layer (`Facts`), and reports contradictions between layers.
//! 4. `emit` combines the tokens of all layers into one expansion.
//!
//! To avoid import cycles, each module imports only from later modules in this order: `pipeline`, `layers`, `emit`,
//! `plan`, `facts`, `parse`, `tokens`, `error`.
#![forbid(unsafe_code)]

mod emit;
mod error;
mod facts;
#[cfg(feature = "test-util")]
mod isolated_test;
mod layers;
mod parse;
mod pipeline;
mod plan;
#[cfg(test)]
mod tests;
mod tokens;

use proc_macro::TokenStream;

use crate::layers::attribute::Attribute;

/// Declares an attribute macro for each `$name`. Also declares `ATTRIBUTES`, the table of all attributes of this crate.
macro_rules! attributes {
    ($($name:ident),* $(,)?) => {
        const ATTRIBUTES: &[Attribute] = &[$(layers::$name::ATTRIBUTE),*];

        $(
            #[doc = concat!(
                "(Defined in `resilience-macros`; use it and read about it as `resilience_runtime::",
                stringify!($name),
                "`.)"
            )]
            #[proc_macro_attribute]
            pub fn $name(args: TokenStream, item: TokenStream) -> TokenStream {
                let faults = cfg!(feature = "faults");
                pipeline::expand(&layers::$name::ATTRIBUTE, ATTRIBUTES, SYNONYMS, faults, args.into(), &item.into()).into()
            }
        )*
    };
}

attributes! { bulkhead, circuit, fallback, hedge, rate_limit, retry, timeout }

/// Declares a hidden attribute macro for each name in `$theirs`. Other libraries give these names to their counterparts
/// of the attribute `$ours`. For example, the hidden macro `circuit_breaker` reports a compile error that names
/// `circuit`. The macro `synonyms!` also declares `SYNONYMS`, the table of all pairs of `$theirs` and `$ours`.
macro_rules! synonyms {
    ($($ours:ident: $($theirs:ident),*;)*) => {
        const SYNONYMS: &[(&str, &str)] = &[$($((stringify!($theirs), stringify!($ours))),*),*];

        $($(
            #[doc(hidden)]
            #[proc_macro_attribute]
            pub fn $theirs(_: TokenStream, item: TokenStream) -> TokenStream {
                pipeline::unknown(stringify!($theirs), stringify!($ours), &item.into()).into()
            }
        )*)*
    };
}

synonyms! {
    bulkhead: concurrency_limit, concurrency_limiter;
    circuit: circuit_breaker, circuitbreaker;
    fallback: fallback_method;
    hedge: hedged, hedging;
    rate_limit: rate_limiter, ratelimit, ratelimiter;
    retry: retryable, retrying, retry_with_backoff;
    timeout: time_limit, time_limiter, timelimiter;
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::test`.)
#[cfg(feature = "test-util")]
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    isolated_test::expand(args.into(), &item.into()).into()
}
