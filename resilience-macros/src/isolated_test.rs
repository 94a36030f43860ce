//! Implements `#[resilience_runtime::test]`, which isolates an async test from all other tests, and runs the test on a
//! paused clock.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Item, ItemFn, Lifetime, ReturnType, parse_quote_spanned};

use crate::error::Errors;
use crate::layers::synonyms;
use crate::parse::args::{Args, options};
use crate::parse::value;
use crate::tokens::{is_assigned, mentions};

options! {
    enum Opt: synonyms::TEST {
        StartPaused = "start_paused",
        Seed = "seed",
        Crate = "crate",
    }
}

/// Returns the test as a plain function that runs the async body.
///
/// Output: `#[test] fn name() -> Output { testing::__run(true, 0, async { '_resilience_body: { body } }) }`
pub(crate) fn expand(args: TokenStream, item: &TokenStream) -> TokenStream {
    // Reports no error for the form `#[test = value]`, because rustc itself reports an error.
    if is_assigned(Span::call_site()) {
        return item.clone();
    }
    let mut errors = Errors::default();
    let mixed = Span::mixed_site();
    let mut args = Args::<Opt>::parse(Span::call_site(), args, &mut errors);
    let is_paused = args.read(Opt::StartPaused, &mut errors, value::flag).unwrap_or(true);
    let seed = args.read(Opt::Seed, &mut errors, value::expression).unwrap_or_else(|| quote_spanned!(mixed=> 0));
    let runtime = args.read(Opt::Crate, &mut errors, value::path);
    let runtime = runtime.unwrap_or_else(|| parse_quote_spanned!(mixed=> ::resilience_runtime));
    let mut test = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(test) => test,
        Err(error) => {
            match syn::parse2::<Item>(item.clone()) {
                Ok(_) => errors.push(error.span(), "put this on an `async fn` with a body"),
                Err(_) => errors.add(error),
            }
            let errors = errors.into_tokens();
            return quote_spanned!(mixed=> #errors #item);
        }
    };
    check(&test, &mut errors);
    if !errors.is_empty() {
        let errors = errors.into_tokens();
        return quote_spanned!(mixed=> #errors #item);
    }
    test.sig.asyncness = None;
    let returned = match &test.sig.output {
        // The generic argument of `never::<#ty>` cannot contain an `impl Trait`.
        ReturnType::Type(_, ty) if !mentions(&ty.to_token_stream(), "impl") => {
            let at = mixed.located_at(ty.span());
            Some(quote_spanned!(at=> if false { return #runtime::__private::never::<#ty>(); }))
        }
        _ => None,
    };
    let body = &test.block;
    // Without a label, the compiler would report unnecessary braces if the body is a single expression.
    let label = Lifetime::new("'_resilience_body", test.block.span());
    let run = quote_spanned!(mixed=> #runtime::testing::__run(#is_paused, #seed, async { #returned #label: #body }));
    test.block = parse_quote_spanned!(test.block.span()=> { #run });
    let mut tokens = quote_spanned!(mixed=> #[::core::prelude::v1::test]);
    test.to_tokens(&mut tokens);
    tokens
}

/// Reports an error for a test that is not async, has arguments, is generic, or has another test attribute.
fn check(test: &ItemFn, errors: &mut Errors) {
    let sig = &test.sig;
    let runners = test.attrs.iter().map(Attribute::path);
    let runners = runners.filter(|path| path.segments.last().is_some_and(|last| last.ident == "test"));
    let runners: Vec<_> = runners.collect();
    // A `#[tokio::test]` above this attribute has already removed the `async`, and has added a `#[test]`. The loop
    // below then reports this `#[test]`, so an error about the missing `async` would mislead the user.
    if sig.asyncness.is_none() && runners.is_empty() {
        errors.push(sig.fn_token.span, "a test on a paused clock is async: write `async fn`");
    }
    if let Some(input) = sig.inputs.first() {
        errors.push(input.span(), "a test takes no arguments: bind them in its body");
    }
    if let Some(param) = sig.generics.params.first() {
        errors.push(param.span(), "a test is not generic: remove the parameter");
    }
    for path in runners {
        errors.push(path.span(), "`#[resilience_runtime::test]` runs the test itself: remove this attribute");
    }
}
