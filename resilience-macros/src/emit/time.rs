//! Generates the expressions for the values of options.

use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::layer::Place;
use crate::parse::constant::{Constant, Given};

impl Place<'_> {
    /// Returns whether the expression names `self` or an argument.
    pub(crate) fn names_variable(self, tokens: &TokenStream) -> bool {
        self.stack.scope.variable(tokens).is_some()
    }

    /// Returns whether the expression names `Self` or a generic parameter.
    pub(crate) fn names_generic(self, tokens: &TokenStream) -> bool {
        self.stack.scope.generic(tokens).is_some()
    }

    /// Returns whether `value`, the value of an option, is the same for all calls of the function, even if the function
    /// is generic.
    pub(crate) fn is_fixed<T>(self, value: &Given<T>) -> bool {
        let scope = self.stack.scope;
        value
            .constant()
            .is_none_or(|constant| !scope.is_expression(constant) && scope.generic(&constant.tokens).is_none())
    }

    /// Returns the expression for `time`, the value of an option such as `wait`. Returns `None` if the value may differ
    /// between calls.
    pub(crate) fn setting(self, time: &Given<Duration>) -> Option<TokenStream> {
        self.is_fixed(time).then(|| time.tokens(self.runtime(), |time| self.duration(*time)))
    }

    /// Returns a statement that binds `local` to `value`, an expression that each call evaluates.
    pub(crate) fn evaluate(self, local: &Ident, value: &TokenStream) -> TokenStream {
        self.as_body(&quote_spanned!(Span::mixed_site()=> let #local = #value;))
    }

    /// Returns the expression for `time`, the value of an option such as `wait`. Each call evaluates the expression if
    /// the expression is neither a literal nor a constant.
    pub(crate) fn time(self, time: &Given<Duration>) -> TokenStream {
        let (runtime, mixed) = (self.runtime(), Span::mixed_site());
        match time {
            Given::Literal(time) => self.duration(*time),
            Given::Constant(constant) => {
                self.evaluated(constant, &quote_spanned!(mixed=> #runtime::__private::Duration))
            }
        }
    }

    /// Returns the expression for `count`, the value of an option such as `tokens`. Each call evaluates the expression
    /// if the expression is neither a literal nor a constant.
    pub(crate) fn count(self, count: &Given<u32>) -> TokenStream {
        match count {
            Given::Literal(count) => Literal::u32_unsuffixed(*count).into_token_stream(),
            Given::Constant(constant) => {
                self.evaluated(constant, &quote_spanned!(Span::mixed_site()=> ::core::primitive::u32))
            }
        }
    }

    /// Returns the code that evaluates an expression of the user in a closure. Because of the closure, the compiler
    /// rejects an `.await`, a `?` or a `break` that a macro in the expression generates.
    fn evaluated(self, constant: &Constant, ty: &TokenStream) -> TokenStream {
        if !self.stack.scope.is_expression(constant) {
            return constant.inline(self.runtime());
        }
        let (tokens, runtime) = (&constant.tokens, self.runtime());
        let at = Span::mixed_site().located_at(constant.span());
        quote_spanned! {at=>
            #runtime::__private::evaluate(|| { let __resilience_value: #ty = #tokens; __resilience_value })
        }
    }
}
