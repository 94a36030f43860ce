//! Generates the statements that run when a layer (attribute) rejects a call. The statements return from the function,
//! or jump to the layer that handles the rejection.
//!
//! The module `plan::exits` selects the layer that handles the rejection. `plan::exits` also decides whether the
//! expansion needs the local variable `cause`. This variable contains the reason why the latest attempt ended: a
//! rejection by an attribute, an expired deadline of the caller, or any other reason.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::layer::Place;
use crate::facts::{Cause, Runs};

impl Place<'_> {
    /// Returns the declaration of the local variable `cause`. The variable contains the reason why the latest attempt
    /// ended: a rejection, an expired deadline of the caller, or any other reason. Returns `None` if no attribute needs
    /// this variable.
    pub(crate) fn declared_cause(self) -> Option<TokenStream> {
        let runtime = self.runtime();
        self.if_asked(quote_spanned!(Span::mixed_site()=> let mut cause = #runtime::__private::Cause::None;))
    }

    /// Returns a statement that resets the local variable `cause` before the body or a fallback function runs. Without
    /// the statement, `cause` could still describe an earlier rejection.
    pub(crate) fn ran(self) -> Option<TokenStream> {
        let runtime = self.runtime();
        self.if_asked(quote_spanned!(Span::mixed_site()=> cause = #runtime::__private::Cause::None;))
    }

    /// Returns a statement that sets the local variable `cause` after a timeout has ended the call. The statement reads
    /// the error of the timeout from the local variable `error`. The error states the limit that ended the call: the
    /// time of the `#[timeout]`, or an earlier deadline of the caller. A caller sets a deadline with the function
    /// `deadline`.
    pub(crate) fn late(self) -> Option<TokenStream> {
        let runtime = self.runtime();
        self.if_asked(quote_spanned!(Span::mixed_site()=> cause = #runtime::__private::Cause::of_timeout(&error);))
    }

    /// Returns an expression that reads the local variable `cause`, or the expression `Cause::None` if this variable
    /// does not exist. Each attempt of a hedge returns a pair: the outcome of the attempt, and the value of this
    /// expression.
    pub(crate) fn cause_or_none(self) -> TokenStream {
        let runtime = self.runtime();
        let mixed = Span::mixed_site();
        self.if_asked(quote_spanned!(mixed=> cause))
            .unwrap_or_else(|| quote_spanned!(mixed=> #runtime::__private::Cause::None))
    }

    fn if_asked(self, tokens: TokenStream) -> Option<TokenStream> {
        self.plan().is_asked().then_some(tokens)
    }

    /// Returns the code that leaves this layer (attribute) after the layer has rejected a call. The code is the right
    /// side of a `match` arm. `error` is the name of the local variable that contains the error of the rejection. The
    /// expression `rejected` evaluates to the outcome of the call.
    pub(crate) fn leave(self, cause: Cause, error: &Ident, rejected: &TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let runtime = self.runtime();
        let catcher = self.plan().catcher(self.index, cause);
        let func = self.func();
        let ended = self.plan().ended_retries(self.index, catcher).map(|index| {
            let (retry, schedule) = (self.at(index).local(), self.at(index).schedule());
            quote_spanned!(mixed=> #retry.reject(#schedule, #func, &#error);)
        });
        let ended: TokenStream = ended.collect();
        let Some(catcher) = catcher.map(|index| self.at(index)) else {
            if ended.is_empty() {
                return quote_spanned!(mixed=> return #rejected,);
            }
            return quote_spanned!(mixed=> { #ended return #rejected; });
        };
        let cause = match cause {
            Cause::Circuit => quote_spanned!(mixed=> Circuit),
            Cause::Limit => quote_spanned!(mixed=> Limit),
            Cause::Tokens => quote_spanned!(mixed=> of_limit(&#error)),
        };
        let told = self.if_asked(quote_spanned!(mixed=> cause = #runtime::__private::Cause::#cause;));
        // Binds the outcome to a local variable before the `break`, because `syn` parses `break 'label ::path` as a
        // labelled loop.
        let converted = self.as_body(&quote_spanned!(mixed=> #ended let outcome = #rejected;));
        // Uses `return` to leave an attempt of a hedge, because each attempt is a separate `async` block. A `break`
        // cannot leave an `async` block.
        if catcher.facts().runs == Runs::AtOnce {
            let cause_or_none = self.cause_or_none();
            return quote_spanned!(mixed=> { #told #converted return (outcome, #cause_or_none) });
        }
        let label = catcher.label();
        quote_spanned!(mixed=> { #told #converted break #label outcome; })
    }

    /// Wraps `settle`, the expression with which a circuit records the outcome of a call. The returned expression skips
    /// `settle` if an attribute below rejected the call, or if a deadline of the caller ended the call.
    pub(crate) fn unless_by_caller(self, permit: &Ident, settle: TokenStream) -> TokenStream {
        if !self.plan().asks_for_callers(self.index) {
            return settle;
        }
        let runtime = self.runtime();
        quote_spanned! {Span::mixed_site()=>
            if cause.is_neutral() {
                #runtime::__private::end_by_caller(#permit, cause);
                outcome
            } else {
                #settle
            }
        }
    }

    /// Returns an expression for the outcome of a call that an attribute has ended with an error, such as a
    /// `TimeoutError`. `error` is the name of the local variable that contains this error. If `make` is a function of
    /// the user, this function converts the error to the user's error type. If `make` is `None`, the expression
    /// converts the error with the trait `From`. The user's error type must then implement `From` for the error of the
    /// attribute. If the signature shows the output type, `From<Rejection>` also suffices.
    pub(crate) fn rejected(self, error: &Ident, make: Option<&TokenStream>) -> TokenStream {
        let runtime = &self.stack.runtime_at;
        let at = self.stack.at;
        match (make, &self.stack.output) {
            (Some(make), output) => {
                // Names the output type. If the user's closure returns a wrong error type, the compiler then points at
                // the closure.
                let output = output.as_ref().map(|output| quote_spanned!(at=> ::<#output, _>));
                quote_spanned!(at=> #runtime::__private::rejected_with #output(#error, #make))
            }
            (None, Some(output)) => {
                quote_spanned!(at=> #runtime::__private::Conversion::<#output, _>::of(&#error).__rejected(#error))
            }
            (None, None) => quote_spanned!(at=> #runtime::__private::rejected(#error)),
        }
    }
}
