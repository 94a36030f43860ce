//! The attributes of `resilience-runtime`, which re-exports and documents them.
//!
//! An attribute passes the modules in this order:
//!
//! 1. `pipeline` recognises the stack.
//! 2. The attributes under `layers` parse their options with `parse`.
//! 3. `plan` checks the facts of all layers.
//! 4. `emit` joins the tokens of the layers.
//!
//! Imports run downward only: `pipeline`, `layers`, `emit`, `plan`, and then `parse`, `facts`, `tokens` and `error`.
#![forbid(unsafe_code)]

mod emit;
mod error;
mod facts;
mod layers;
mod parse;
mod pipeline;
mod plan;
#[cfg(test)]
mod tests;
mod tokens;

use proc_macro::TokenStream;

use crate::layers::attribute::Attribute;

/// Declares the entry of each attribute, and the table of the family.
macro_rules! attributes {
    ($($name:ident),* $(,)?) => {
        const FAMILY: &[Attribute] = &[$(layers::$name::ATTRIBUTE),*];

        $(
            #[doc = concat!(
                "(Defined in `resilience-macros`; use it and read about it as `resilience_runtime::",
                stringify!($name),
                "`.)"
            )]
            #[proc_macro_attribute]
            pub fn $name(args: TokenStream, item: TokenStream) -> TokenStream {
                pipeline::expand(&layers::$name::ATTRIBUTE, FAMILY, args.into(), &item.into()).into()
            }
        )*
    };
}

attributes! { bulkhead, circuit, fallback, hedge, rate_limit, retry, timeout }
