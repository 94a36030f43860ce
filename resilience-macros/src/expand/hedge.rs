use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;

use super::Expansion;
use crate::hedge::Hedge;

impl Expansion<'_> {
    /// The layers below are the attempts; each says beside its outcome whether it was turned away.
    pub(super) fn hedge(&self, index: usize, hedge: &Hedge, block: &TokenStream) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        let (func, after) = (self.func(), self.duration(hedge.after));
        let clones = self.captures.clones_of(&hedge.clone);
        let declared = self.turned();
        let tail = self.tail(index + 1, block);
        let turned = self.turned_or_none();
        let places = (1..hedge.max).fold(
            quote_spanned!(mixed=> #runtime::__private::Last::new()),
            |places, _| quote_spanned!(mixed=> #runtime::__private::Another::new(#places)),
        );
        let within = quote_spanned! {mixed=>
            {
                #declared
                #clones
                let outcome = { #tail };
                (outcome, #turned)
            }
        };
        // What the compiler has to say of a capture, it says of the body.
        let attempt = quote_spanned!(mixed.located_at(block.span())=> || async #within);
        let hedged = quote_spanned!(mixed=> #runtime::__private::Hedged::new(#func, #after, #places, #attempt));
        let hedged = self.wait(index, mixed, self.watched(index, &hedged));
        match self.turned() {
            Some(_) => quote_spanned! {mixed=>
                let (outcome, of_attempt) = #hedged;
                turned = of_attempt;
            },
            None => quote_spanned!(mixed=> let (outcome, _) = #hedged;),
        }
    }
}
