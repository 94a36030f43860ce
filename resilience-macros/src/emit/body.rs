//! Generates the statements that wait for a future, and the `async` block that contains the user's statements.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::Lifetime;

use super::capture::OwnedArgument;
use super::layer::{Interrupt, Layer, Place, Stack};
use crate::facts::Runs;
use crate::tokens::braced;

impl Stack<'_> {
    /// Returns the `async` block that contains `body`, the user's statements.
    ///
    /// The block begins with dead code, `if false { .. }`. The dead code states the output type of the block, so that
    /// `?`, coercions and compile errors work as in the undecorated function. The dead code also determines how the
    /// block captures the arguments.
    pub(super) fn block(&self, body: &TokenStream, braces: Span) -> TokenStream {
        let mixed = Span::mixed_site();
        let runtime = &self.runtime_at;
        let output = self.output.clone().unwrap_or_else(|| quote_spanned!(mixed=> _));
        let returned = quote_spanned!(self.at=> return #runtime::__private::never::<#output>(););
        let borrows = &self.captures.borrows;
        // The braces around the body get the span of the user's braces, because this span contains the Rust edition of
        // the user's crate. In edition 2024, Rust drops the temporaries of the last expression earlier than in previous
        // editions. Clippy reports lints about the body at the span of the braces. Without the label
        // `'_resilience_body`, rustc would report the braces as unnecessary.
        let label = Lifetime::new("'_resilience_body", braces);
        let body = braced(body.clone(), braces);
        let fault = self.fault();
        let dead = quote_spanned!(mixed=> if false { #(#borrows)* #returned });
        let at = mixed.located_at(braces);
        let group = |within| braced(within, at);
        // With `move`, the body may consume its arguments, and may return a reference that an argument contains. Leaves
        // out the keyword `move` if the body may run again. Also leaves out `move` if a function in an option, such as
        // `failure_if`, borrows arguments after the body has run.
        let capture = (!self.plan.repeats() && !self.captures.lends).then(|| quote_spanned!(mixed=> move));
        // The tokens of the closure have the span of the body. Compile errors about captured variables therefore point
        // at the user's code.
        if let Some((values, parameters)) = self.passed() {
            let blocking = quote_spanned!(mixed=> #runtime::__private::blocking);
            let group = group(quote_spanned!(mixed=> #dead #fault #label: #body));
            let body = quote_spanned!(at=> #capture |#(#parameters),*| #group);
            return quote_spanned!(at=> #capture || { #blocking::pass(#(#values,)* #body) });
        }
        let locals = self.captures.owned.iter();
        let locals = locals.map(
            |OwnedArgument { name, is_mut, cfgs, .. }| quote_spanned!(mixed=> #(#cfgs)* let #is_mut #name = #name;),
        );
        let group = group(quote_spanned!(mixed=> #dead #(#locals)* #fault #label: #body));
        if self.blocks {
            return quote_spanned!(at=> #capture || #group);
        }
        quote_spanned!(at=> async #capture #group)
    }

    /// Returns the values and the patterns for the parameters of the body's closure. Only a function that is not
    /// `async` has this closure.
    ///
    /// A variable of an argument's pattern, such as `a` in `(mut a, b)`, becomes the parameter `(mut a,)` instead of
    /// `mut a`. If the body overwrites `a` before it reads `a`, the compiler then gives the same warning as in the
    /// undecorated function.
    fn passed(&self) -> Option<(Vec<TokenStream>, Vec<TokenStream>)> {
        let mixed = Span::mixed_site();
        let owned = &self.captures.owned;
        // Returns `None` if an argument has a `#[cfg]`, because Rust allows no `#[cfg]` on an argument of a call.
        if !self.blocks || owned.is_empty() || owned.iter().any(|argument| !argument.cfgs.is_empty()) {
            return None;
        }
        let value = |OwnedArgument { name, is_part, .. }: &OwnedArgument| {
            if *is_part { quote_spanned!(mixed=> (#name,)) } else { quote_spanned!(mixed=> #name) }
        };
        let parameter = |OwnedArgument { name, is_mut, is_part, .. }: &OwnedArgument| {
            if *is_part { quote_spanned!(mixed=> (#is_mut #name,)) } else { quote_spanned!(mixed=> #is_mut #name) }
        };
        Some((six(owned.iter().map(value)), six(owned.iter().map(parameter))))
    }
}

/// Returns exactly six items, because the runtime function `pass` takes six values for the parameters of the body. If
/// `items` has more than six elements, the sixth item is a tuple of the remaining elements. If `items` has fewer
/// elements, `()` fills each missing item.
fn six(items: impl Iterator<Item = TokenStream>) -> Vec<TokenStream> {
    const COUNT: usize = 6;
    let mixed = Span::mixed_site();
    let mut items: Vec<_> = items.collect();
    if items.len() > COUNT {
        let rest = items.split_off(COUNT - 1);
        items.push(quote_spanned!(mixed=> (#(#rest),*)));
    }
    items.resize_with(COUNT, || quote_spanned!(mixed=> ()));
    items
}

impl<'a> Place<'a> {
    /// Returns the layers (attributes) whose code surrounds this position in the same `async` block. The outermost
    /// layer comes first.
    fn within(self) -> impl DoubleEndedIterator<Item = (Self, &'a dyn Layer)> {
        (self.plan().block(self.index)..self.index)
            .filter_map(move |index| Some((self.at(index), self.at(index).layer()?)))
    }

    /// Returns statements that await `future` and bind the result to the pattern `output`. If a `#[timeout]` above
    /// expires, the wait ends early. Only this method and [`Stack::fault`] generate an `.await`. The compiler reports
    /// errors about the `.await` at the span `at`.
    ///
    /// Example output: `let Some(outcome) = timeout.as_mut().race(future).await else { break 'timeout_expired };`
    pub(crate) fn wait(self, at: Span, output: &TokenStream, future: TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        if self.stack.blocks {
            return quote_spanned!(mixed=> let #output = #future;);
        }
        let interrupts: Vec<_> = self.within().filter_map(|(place, layer)| layer.interrupt(place)).collect();
        let raced = interrupts
            .iter()
            .rfold(future, |future, Interrupt { timer, .. }| quote_spanned!(mixed=> #timer.race(#future)));
        let waited = quote_spanned!(at=> #raced.await);
        let Some((innermost, above)) = interrupts.split_last() else {
            return quote_spanned!(mixed=> let #output = #waited;);
        };
        let some = |bound: &TokenStream, waited: &TokenStream, Interrupt { expired, .. }: &Interrupt| quote_spanned!(mixed=> let ::core::option::Option::Some(#bound) = #waited else { break #expired };);
        // The future `timer.race(..)` returns an `Option`, which is `None` if the timer expired. The future of the
        // outermost timer contains the futures of all inner timers. The `Option` of the outermost timer is therefore
        // unwrapped first.
        let (mut bound, mut waited) = (TokenStream::new(), waited);
        for interrupt in above {
            let others = quote_spanned!(mixed=> waited);
            bound.extend(some(&others, &waited, interrupt));
            waited = others;
        }
        bound.extend(some(output, &waited, innermost));
        bound
    }

    /// Returns the expression that runs the body. For an async function, the expression is the future `body`, which the
    /// code of the attributes awaits. For any other function, the expression calls the closure `body`.
    pub(crate) fn run(self, body: &TokenStream) -> TokenStream {
        if !self.stack.blocks {
            return body.clone();
        }
        let blocking = self.waits();
        quote_spanned!(Span::mixed_site()=> #blocking::run(#body))
    }

    /// Works like [`wait`](Self::wait), for a future that contains no code of the user, such as the pause of a retry.
    /// If the call is dropped during this wait, the circuits above count the call as cancelled.
    pub(crate) fn pause(self, at: Span, output: &TokenStream, future: TokenStream) -> TokenStream {
        let runtime = self.runtime();
        let mixed = Span::mixed_site();
        let waits = self.permits().map(|permit| quote_spanned!(mixed=> #runtime::__private::wait(&mut #permit);));
        let waits: TokenStream = waits.collect();
        let (wait, resumed) = (self.wait(at, output, future), self.resumed());
        quote_spanned!(mixed=> #waits #wait #resumed)
    }

    /// Wraps `statements` that run code of the user outside the body. The circuits above then treat this code like a
    /// poll of the body. For example, a panic counts as a failure. If this code makes a call through one of these
    /// circuits while the circuit is half-open, this inner call is a part of the running trial call.
    pub(crate) fn as_body(self, statements: &TokenStream) -> TokenStream {
        let (entered, left) = (self.entered(), self.left());
        quote_spanned!(Span::mixed_site()=> #entered #statements #left)
    }

    /// Works like [`as_body`](Self::as_body), for an expression. Returns the expression unchanged if no circuit is above.
    pub(crate) fn expression_as_body(self, expression: TokenStream) -> TokenStream {
        if self.permits().next().is_none() {
            return expression;
        }
        let bound = self.as_body(&quote_spanned!(Span::mixed_site()=> let value = #expression;));
        quote_spanned!(Span::mixed_site()=> { #bound value })
    }

    /// Returns the statements that [`as_body`](Self::as_body) places before the user's code.
    pub(crate) fn entered(self) -> TokenStream {
        let runtime = self.runtime();
        let enter = |permit| quote_spanned!(Span::mixed_site()=> #runtime::__private::enter(&mut #permit););
        self.permits().map(enter).collect()
    }

    /// Returns the statements that [`as_body`](Self::as_body) places after the user's code.
    pub(crate) fn left(self) -> TokenStream {
        let runtime = self.runtime();
        let leave = |permit| quote_spanned!(Span::mixed_site()=> #runtime::__private::leave(&mut #permit););
        let permits: Vec<_> = self.permits().collect();
        permits.into_iter().rev().map(leave).collect()
    }

    /// Returns the statements that the expansion places after a wait. If a function of the user panics after these
    /// statements, the circuits above count the call as a failure.
    pub(crate) fn resumed(self) -> TokenStream {
        let runtime = self.runtime();
        let resume = |permit| quote_spanned!(Span::mixed_site()=> #runtime::__private::resume(&mut #permit););
        self.permits().map(resume).collect()
    }

    /// Returns the names of the local variables that contain the permits of the circuits above.
    pub(crate) fn permits(self) -> impl Iterator<Item = Ident> {
        self.within().filter_map(|(place, layer)| layer.permit(place))
    }

    /// Wraps the body in a future that detects rejections by decorated functions that the body calls. The future
    /// detects a rejection even if the body's error type does not implement `Error::source`. Returns the body unchanged
    /// if no attribute needs this information.
    pub(crate) fn noted(self, body: &TokenStream) -> TokenStream {
        self.noted_by(&self.method("__note"), body, None)
    }

    /// Works like [`noted`](Self::noted), for the future `body` of a fallback function. The local variable `changes`
    /// contains the changes of the thread's counters of errors during the call of this function.
    pub(crate) fn noted_call(self, body: &TokenStream, changes: &Ident) -> TokenStream {
        self.noted_by(&Ident::new("__note_call", Span::mixed_site()), body, Some(changes))
    }

    fn noted_by(self, note: &Ident, body: &TokenStream, changes: Option<&Ident>) -> TokenStream {
        let runtime = self.runtime();
        let mixed = Span::mixed_site();
        let changes = changes.map(|changes| quote_spanned!(mixed=> , #changes));
        match &self.stack.output {
            _ if !self.plan().looks_for_rejections() => body.clone(),
            Some(output) => quote_spanned!(mixed=> #runtime::__private::Body::<#output>::new().#note(#body #changes)),
            None => {
                quote_spanned!(mixed=> { let body = #body; #runtime::__private::Body::of(&body).#note(body #changes) })
            }
        }
    }

    /// Wraps the body in a future for each circuit and each retry above. These futures observe each poll of the body.
    /// The future of a circuit makes a panic of the body count as a failure. The future of a retry counts the retries
    /// of functions that the body calls.
    ///
    /// At the position of a hedge, `block` is the future of the hedge.
    pub(crate) fn watched(self, block: &TokenStream) -> TokenStream {
        let waits = self.body_waits();
        self.within().rfold(block.clone(), |body, (place, layer)| layer.watch(place, body, waits.as_ref()))
    }

    /// Returns the name of the local variable that stores whether the body below this hedge has waited. Returns `None`
    /// if this position is not the position of a hedge, or if no circuit watches the hedge.
    pub(crate) fn body_waits(self) -> Option<Ident> {
        let is_hedge = self.layer().is_some() && self.facts().runs == Runs::AtOnce;
        let is_watched = is_hedge && self.permits().next().is_some();
        is_watched.then(|| format_ident!("{}_waits", self.local(), span = Span::mixed_site()))
    }

    /// Wraps the body in a future for each hedge above that a circuit watches. These futures store that the body waits.
    pub(crate) fn waiting(self, block: &TokenStream) -> TokenStream {
        let hedges = (0..self.index).filter_map(|above| self.at(above).body_waits());
        hedges.fold(block.clone(), |body, waits| quote_spanned!(Span::mixed_site()=> #waits.of(#body)))
    }
}
