use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Lifetime;
use syn::spanned::Spanned;

use super::{Expansion, Named};
use crate::fallback::{Fallback, On};

impl Expansion<'_> {
    pub(super) fn fallback(
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
