//! The attributes of `resilience-runtime`, which re-exports and documents them.
#![forbid(unsafe_code)]

mod args;
mod bulkhead;
mod capture;
mod circuit;
mod error;
mod expand;
mod fallback;
mod hedge;
mod item;
mod rate_limit;
mod retry;
mod rule;
mod setting;
mod shell;
mod stack;
#[cfg(test)]
mod tests;
mod timeout;

use proc_macro::TokenStream;

use crate::stack::Kind;

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::bulkhead`.)
#[proc_macro_attribute]
pub fn bulkhead(args: TokenStream, item: TokenStream) -> TokenStream {
    stack::decorate(Kind::Bulkhead, args.into(), &item.into()).into()
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::circuit`.)
#[proc_macro_attribute]
pub fn circuit(args: TokenStream, item: TokenStream) -> TokenStream {
    stack::decorate(Kind::Circuit, args.into(), &item.into()).into()
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::fallback`.)
#[proc_macro_attribute]
pub fn fallback(args: TokenStream, item: TokenStream) -> TokenStream {
    stack::decorate(Kind::Fallback, args.into(), &item.into()).into()
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::hedge`.)
#[proc_macro_attribute]
pub fn hedge(args: TokenStream, item: TokenStream) -> TokenStream {
    stack::decorate(Kind::Hedge, args.into(), &item.into()).into()
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::rate_limit`.)
#[proc_macro_attribute]
pub fn rate_limit(args: TokenStream, item: TokenStream) -> TokenStream {
    stack::decorate(Kind::RateLimit, args.into(), &item.into()).into()
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::retry`.)
#[proc_macro_attribute]
pub fn retry(args: TokenStream, item: TokenStream) -> TokenStream {
    stack::decorate(Kind::Retry, args.into(), &item.into()).into()
}

/// (Defined in `resilience-macros`; use it and read about it as `resilience_runtime::timeout`.)
#[proc_macro_attribute]
pub fn timeout(args: TokenStream, item: TokenStream) -> TokenStream {
    stack::decorate(Kind::Timeout, args.into(), &item.into()).into()
}
