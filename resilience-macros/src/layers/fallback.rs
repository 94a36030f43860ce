use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Lifetime, Path};

use crate::emit::Expansion;
use crate::emit::named::Named;
use crate::error::Errors;
use crate::parse::args::Args;
use crate::parse::value as args;

/// What one `#[fallback(..)]` says.
pub(crate) struct Fallback {
    pub(crate) function: TokenStream,
    /// Where the attribute stands.
    pub(crate) span: Span,
    pub(crate) on: On,
    /// The function takes the error after the arguments.
    pub(crate) with_error: bool,
    pub(crate) clone: Vec<Ident>,
}

/// The errors that it is for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum On {
    Any,
    Rejected,
}

impl Fallback {
    /// The layer, and the path of the runtime where it is given.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Self>, Option<Path>) {
        let mut args =
            Args::parse_after(Some("fallback"), span, tokens, &["on", "with_error", "clone", "crate"], errors);
        args.require("fallback", "`#[fallback]` needs a function: write `#[fallback(path)]`", errors);
        let on = args.read("on", errors, |key, value| {
            let choice = args::choice(key, value, &["any", "rejected"])?;
            Ok([On::Any, On::Rejected][choice])
        });
        let with_error = args.read("with_error", errors, args::flag).unwrap_or(false);
        let function = args.read("fallback", errors, args::function_path);
        let clone = args.list("clone", errors);
        let fallback = function.map(|function| Self { function, span, on: on.unwrap_or(On::Any), with_error, clone });
        (fallback, args.read("crate", errors, args::path))
    }
}

impl Expansion<'_> {
    pub(crate) fn fallback(
        &self,
        index: usize,
        fallback: &Fallback,
        named: &Named<'_>,
        block: &TokenStream,
    ) -> TokenStream {
        let Fallback { function, on, with_error, clone, .. } = fallback;
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        let (func, error, ran) = (self.func(), self.error(), self.ran());
        let label = self.is_left(index).then(|| named.label());
        let label = label.map(|label| quote_spanned!(mixed=> #label:));
        let end = Lifetime::new(&format!("'after_{}", named.local), mixed);
        let clones = self.captures.clones_of(clone);
        let tail = self.tail(index + 1, block);
        let wanted = match on {
            On::Any => quote_spanned!(mixed=> true),
            On::Rejected => quote_spanned!(mixed=> turned.away()),
        };
        // What the compiler has to say of the call, it says of the path.
        let at = mixed.located_at(function.span());
        let arguments = self.arguments.iter().cloned().map(|mut argument| {
            argument.set_span(argument.span().located_at(at));
            argument
        });
        let arguments = arguments.chain(with_error.then(|| Ident::new("error", at)));
        let call = quote_spanned!(at=> #function(#(#arguments),*));
        // Dropped before the fallback is waited for, unless it is handed over.
        let replaced = if *with_error { quote_spanned!(at=> error) } else { quote_spanned!(mixed=> _) };
        let called = self.wait(index, at, quote_spanned!(at=> called));
        quote_spanned! {mixed=>
            let outcome = #label { #clones #tail };
            let outcome = #end: {
                let called = match #runtime::__private::fall_back(outcome, #wanted, #func, #error) {
                    ::core::ops::ControlFlow::Continue(#replaced) => #call,
                    ::core::ops::ControlFlow::Break(outcome) => break #end outcome,
                };
                #ran
                #called
            };
        }
    }
}
