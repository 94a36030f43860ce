//! The `async` block that contains the body, and the statements that wait for it.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Lifetime;

use super::layer::{Interrupt, Layer, Place, Stack};
use crate::tokens::braced;

impl Stack<'_> {
    /// Returns the `async` block that contains the body.
    ///
    /// The block begins with dead code. It tells the compiler the type of the block, so that `?`, coercions and errors
    /// work as in the bare function. It also tells the compiler how the block captures the arguments.
    pub(super) fn block(&self, body: &TokenStream, braces: Span, output: &TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let runtime = &self.runtime_at;
        let returned = quote_spanned!(self.at=> return #runtime::__private::never::<#output>(););
        let borrows = &self.captures.borrows;
        // The group has the user's own span. The edition of this span decides when the temporaries of the last
        // expression are dropped, and clippy reports the body at the user's code. Without a label, rustc would report
        // these braces as unused.
        let label = Lifetime::new("'_resilience_body", braces);
        let body = braced(body.clone(), braces);
        let within = quote_spanned!(mixed=> if false { #(#borrows)* #returned } #label: #body);
        let group = braced(within, mixed.located_at(braces));
        // A body that runs once may consume its arguments, and may return a borrow that came in with one of them.
        let capture = (!self.plan.repeats() && !self.lends).then(|| quote_spanned!(mixed=> move));
        // Uses the span of the body, so that capture errors point at the user's code.
        quote_spanned!(mixed.located_at(braces)=> async #capture #group)
    }
}

impl<'a> Place<'a> {
    /// Returns the layers above this place in the same `async` block, from the outermost on.
    fn within(self) -> impl DoubleEndedIterator<Item = (Self, &'a dyn Layer)> {
        (self.plan().block(self.index)..self.index)
            .filter_map(move |index| Some((self.at(index), self.at(index).layer()?)))
    }

    /// Returns statements that wait for `future` until a timeout above ends the wait, and that bind `output`. Every
    /// `.await` of an expansion comes from here. The compiler reports errors about this wait at `at`.
    ///
    /// Output: `let Some(outcome) = timeout.as_mut().race(future).await else { break 'timeout_expired };`
    pub(crate) fn wait(self, at: Span, output: &TokenStream, future: TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let interrupts: Vec<_> = self.within().filter_map(|(place, layer)| layer.interrupt(place)).collect();
        let raced = interrupts
            .iter()
            .rfold(future, |future, Interrupt { timer, .. }| quote_spanned!(mixed=> #timer.race(#future)));
        let waited = quote_spanned!(at=> #raced.await);
        let Some((innermost, above)) = interrupts.split_last() else {
            return quote_spanned!(mixed=> let #output = #waited;);
        };
        let some = |bound: &TokenStream, waited: &TokenStream, Interrupt { expired, .. }: &Interrupt| quote_spanned!(mixed=> let ::core::option::Option::Some(#bound) = #waited else { break #expired };);
        // The outermost timer has raced with the results of the inner timers, so its result is taken apart first.
        let (mut bound, mut waited) = (TokenStream::new(), waited);
        for interrupt in above {
            let others = quote_spanned!(mixed=> waited);
            bound.extend(some(&others, &waited, interrupt));
            waited = others;
        }
        bound.extend(some(output, &waited, innermost));
        bound
    }

    /// Wraps the body in the layers that watch it. A circuit counts a panic of the body itself as a failure, and a
    /// retry counts the retries inside the body.
    pub(crate) fn watched(self, block: &TokenStream) -> TokenStream {
        self.within().rfold(block.clone(), |body, (place, layer)| layer.watch(place, body))
    }
}
