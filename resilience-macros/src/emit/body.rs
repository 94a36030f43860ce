//! Generates the `async` block that contains the body, and the statements that wait for a future.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Lifetime;

use super::layer::{Interrupt, Layer, Place, Stack};
use crate::tokens::braced;

impl Stack<'_> {
    /// Returns the `async` block that contains the body.
    ///
    /// The block begins with dead code, `if false { .. }`. The dead code tells the compiler the output type of the
    /// block, and how the block captures the arguments. `?`, coercions and compile errors therefore work as in the
    /// undecorated function.
    pub(super) fn block(&self, body: &TokenStream, braces: Span) -> TokenStream {
        let mixed = Span::mixed_site();
        let runtime = &self.runtime_at;
        let output = self.output.clone().unwrap_or_else(|| quote_spanned!(mixed=> _));
        let returned = quote_spanned!(self.at=> return #runtime::__private::never::<#output>(););
        let borrows = &self.captures.borrows;
        // Gives the braces around the body the span of the user's braces, for two reasons. The edition of this span
        // decides when the temporaries of the last expression are dropped. Clippy reports its lints of the body at this
        // span. The label avoids a warning of rustc that the inner braces are unused.
        let label = Lifetime::new("'_resilience_body", braces);
        let body = braced(body.clone(), braces);
        let within = quote_spanned!(mixed=> if false { #(#borrows)* #returned } #label: #body);
        let group = braced(within, mixed.located_at(braces));
        // Adds `move` if the body runs at most once and no function that runs after the body borrows its arguments. The
        // body may then consume its arguments, and may return a borrow that an argument contains.
        let capture = (!self.plan.repeats() && !self.lends).then(|| quote_spanned!(mixed=> move));
        // Uses the span of the body, so that capture errors point at the user's code.
        quote_spanned!(mixed.located_at(braces)=> async #capture #group)
    }
}

impl<'a> Place<'a> {
    /// Returns the layers above this place in the same `async` block, outermost first.
    fn within(self) -> impl DoubleEndedIterator<Item = (Self, &'a dyn Layer)> {
        (self.plan().block(self.index)..self.index)
            .filter_map(move |index| Some((self.at(index), self.at(index).layer()?)))
    }

    /// Returns statements that wait for `future` and bind its result to `output`. The wait ends early if a timeout
    /// above expires. Every `.await` of an expansion comes from this function. The compiler reports errors about this
    /// `.await` at the span `at`.
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
        // Each timer returns an `Option`. The future of the outermost timer contains the futures of the inner timers,
        // so the `Option` of the outermost timer is unwrapped first.
        let (mut bound, mut waited) = (TokenStream::new(), waited);
        for interrupt in above {
            let others = quote_spanned!(mixed=> waited);
            bound.extend(some(&others, &waited, interrupt));
            waited = others;
        }
        bound.extend(some(output, &waited, innermost));
        bound
    }

    /// Wraps the body so that a rejection is found in an error whose type hides its sources, if a layer looks for
    /// rejections.
    pub(crate) fn noted(self, body: &TokenStream) -> TokenStream {
        let runtime = self.runtime();
        match &self.stack.output {
            Some(output) if self.plan().looks_for_rejections() => {
                quote_spanned!(Span::mixed_site()=> #runtime::__private::Body::<#output>::new().__note(#body))
            }
            _ => body.clone(),
        }
    }

    /// Wraps the body in the futures by which the layers above observe each poll of the body. A circuit counts a panic
    /// of the body as a failure. A retry counts the retries inside the body.
    pub(crate) fn watched(self, block: &TokenStream) -> TokenStream {
        self.within().rfold(block.clone(), |body, (place, layer)| layer.watch(place, body))
    }
}
