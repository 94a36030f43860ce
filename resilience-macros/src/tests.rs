//! The tests of the crate, which call it as the compiler would.

mod answers;
mod edges;
mod page;
mod snapshots;
mod stacks;
mod worst_case;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Meta};

use crate::pipeline::{Kind, decorate};

/// The attributes of the family.
const NAMES: [&str; 7] = ["bulkhead", "circuit", "fallback", "hedge", "rate_limit", "retry", "timeout"];

/// Expands the attribute `name` with these options, put on `item`.
fn expand(name: &str, args: TokenStream, item: &TokenStream) -> TokenStream {
    let kind = match name {
        "bulkhead" => Kind::Bulkhead,
        "circuit" => Kind::Circuit,
        "fallback" => Kind::Fallback,
        "hedge" => Kind::Hedge,
        "rate_limit" => Kind::RateLimit,
        "retry" => Kind::Retry,
        "timeout" => Kind::Timeout,
        name => panic!("no attribute: {name}"),
    };
    decorate(kind, args, item)
}

/// Expands a function by its outermost attribute.
fn expanded(function: TokenStream) -> TokenStream {
    let split = |input: ParseStream<'_>| Ok((input.call(Attribute::parse_outer)?, input.parse::<TokenStream>()?));
    let (attrs, item) = split.parse2(function).unwrap();
    let [outermost, absorbed @ ..] = &attrs[..] else { panic!("no attribute") };
    let args = match &outermost.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    expand(&outermost.path().require_ident().unwrap().to_string(), args, &quote!(#(#absorbed)* #item))
}
