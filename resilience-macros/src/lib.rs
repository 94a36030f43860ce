//! The attributes of `resilience-runtime`, which re-exports and documents them.
#![forbid(unsafe_code)]

mod emit;
mod error;
mod layers;
mod parse;
mod pipeline;
mod plan;
#[cfg(test)]
mod tests;
mod tokens;

use proc_macro::TokenStream;

use crate::pipeline::Kind;

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::bulkhead`.)
#[proc_macro_attribute]
pub fn bulkhead(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::decorate(Kind::Bulkhead, args.into(), &item.into()).into()
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::circuit`.)
#[proc_macro_attribute]
pub fn circuit(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::decorate(Kind::Circuit, args.into(), &item.into()).into()
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::fallback`.)
#[proc_macro_attribute]
pub fn fallback(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::decorate(Kind::Fallback, args.into(), &item.into()).into()
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::hedge`.)
#[proc_macro_attribute]
pub fn hedge(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::decorate(Kind::Hedge, args.into(), &item.into()).into()
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::rate_limit`.)
#[proc_macro_attribute]
pub fn rate_limit(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::decorate(Kind::RateLimit, args.into(), &item.into()).into()
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::retry`.)
#[proc_macro_attribute]
pub fn retry(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::decorate(Kind::Retry, args.into(), &item.into()).into()
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::timeout`.)
#[proc_macro_attribute]
pub fn timeout(args: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::decorate(Kind::Timeout, args.into(), &item.into()).into()
}
