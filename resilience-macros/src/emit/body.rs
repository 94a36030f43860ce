//! The `async` block around the body, and the statements that wait for it.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Lifetime;

use super::layer::{Interrupt, Layer, Place, Stack};
use crate::tokens::braced;

impl Stack<'_> {
    /// Returns the `async` block around the body.
    ///
    /// The block begins with dead code that tells the compiler its type, so that `?`, coercions and errors are those of the
    /// bare function, and how it captures the arguments.
    pub(super) fn block(&self, body: &TokenStream, braces: Span, output: &TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let runtime = &self.runtime_at;
        let returned = quote_spanned!(self.at=> return #runtime::__private::never::<#output>(););
        let borrows = &self.captures.borrows;
        // The user's own span: its edition decides when the temporaries of the last expression are dropped, and clippy
        // reports the body where it was. Without a label rustc would report these braces as unused.
        let label = Lifetime::new("'_resilience_body", braces);
        let body = braced(body.clone(), braces);
        let within = quote_spanned!(mixed=> if false { #(#borrows)* #returned } #label: #body);
        let group = braced(within, mixed.located_at(braces));
        // A body that runs once may consume its arguments and return borrows of them.
        let capture = (!self.plan.repeats() && !self.lends).then(|| quote_spanned!(mixed=> move));
        // Uses the span of the body, so that capture errors point at the user's code.
        quote_spanned!(mixed.located_at(braces)=> async #capture #group)
    }
}

impl<'a> Place<'a> {
    /// Returns the layers above this place that share its `async` block, from the outermost on.
    fn within(self) -> impl DoubleEndedIterator<Item = (Self, &'a dyn Layer)> {
        (self.plan().block(self.index)..self.index)
            .filter_map(move |index| Some((self.at(index), self.at(index).layer()?)))
    }

    /// Waits in this place, as long as the timeouts above allow. Every wait of an expansion is made here. An error about
    /// the wait points to `at`.
    pub(crate) fn wait(self, at: Span, future: TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let interrupts: Vec<_> = self.within().filter_map(|(place, layer)| layer.interrupt(place)).collect();
        let raced = interrupts
            .iter()
            .rfold(future, |future, Interrupt { timer, .. }| quote_spanned!(mixed=> #timer.race(#future)));
        let waited = quote_spanned!(at=> #raced.await);
        // The outermost one has raced with all the others.
        interrupts.iter().fold(waited, |waited, Interrupt { expired, .. }| {
            quote_spanned! {mixed=>
                match #waited {
                    ::core::option::Option::Some(waited) => waited,
                    #expired
                }
            }
        })
    }

    /// Wraps the body by the layers that watch it: only a panic of the body itself is a failure of a circuit, and a retry
    /// counts the retries within the body.
    pub(crate) fn watched(self, block: &TokenStream) -> TokenStream {
        self.within().rfold(block.clone(), |body, (place, layer)| layer.watch(place, body))
    }
}
