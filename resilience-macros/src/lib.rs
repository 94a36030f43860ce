//! The attributes of `resilience-runtime`, which re-exports and documents them.
#![forbid(unsafe_code)]

mod args;
mod capture;
mod circuit;
mod error;
mod expand;
mod item;
mod retry;
mod stack;

use proc_macro::TokenStream;

use crate::stack::Kind;

/// Puts a circuit breaker in front of an async function; see `resilience_runtime::circuit`.
#[proc_macro_attribute]
pub fn circuit(args: TokenStream, item: TokenStream) -> TokenStream {
    stack::decorate(Kind::Circuit, args.into(), &item.into()).into()
}

/// Makes an async function again that failed; see `resilience_runtime::retry`.
#[proc_macro_attribute]
pub fn retry(args: TokenStream, item: TokenStream) -> TokenStream {
    stack::decorate(Kind::Retry, args.into(), &item.into()).into()
}
