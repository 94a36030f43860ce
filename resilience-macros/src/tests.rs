//! Tests the attribute macros of this crate. The tests call the macros with tokens, as the compiler does.

mod answers;
mod edges;
mod faults;
mod page;
mod single_call;
mod snapshots;
mod stacks;
mod synonyms;
mod worst_case;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Meta};

use crate::{ATTRIBUTES, SYNONYMS, pipeline};

/// Expands an attribute as the macro does without the feature `faults`.
fn expand(name: &str, args: TokenStream, item: &TokenStream) -> TokenStream {
    expand_with(false, name, args, item)
}

/// Expands an attribute. If `takes_faults` is true, expands the attribute as the macro does with the feature `faults`.
fn expand_with(takes_faults: bool, name: &str, args: TokenStream, item: &TokenStream) -> TokenStream {
    let attribute = ATTRIBUTES.iter().find(|attribute| attribute.name == name).unwrap();
    pipeline::expand(attribute, ATTRIBUTES, SYNONYMS, takes_faults, args, item)
}

/// Expands the outermost attribute of `function` as the macro does without the feature `faults`.
fn expanded(function: TokenStream) -> TokenStream {
    expanded_with(false, function)
}

/// Expands the outermost attribute of `function`. Like the compiler, passes the other attributes to the macro as a part
/// of the function.
fn expanded_with(takes_faults: bool, function: TokenStream) -> TokenStream {
    let split = |input: ParseStream<'_>| Ok((input.call(Attribute::parse_outer)?, input.parse::<TokenStream>()?));
    let (attrs, item) = split.parse2(function).unwrap();
    let [outermost, absorbed @ ..] = &attrs[..] else { panic!("no attribute") };
    let args = match &outermost.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    let name = outermost.path().require_ident().unwrap().to_string();
    expand_with(takes_faults, &name, args, &quote!(#(#absorbed)* #item))
}
