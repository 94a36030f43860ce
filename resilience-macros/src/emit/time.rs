//! Generates the values of options that are constants or expressions of the user.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::layer::Place;
use crate::parse::constant::Given;

impl Place<'_> {
    /// Returns whether the expression names `self` or an argument.
    pub(crate) fn names_variable(self, tokens: &TokenStream) -> bool {
        self.stack.scope.variable(tokens).is_some()
    }

    /// Returns whether the expression names `Self` or a generic parameter.
    pub(crate) fn names_generic(self, tokens: &TokenStream) -> bool {
        self.stack.scope.generic(tokens).is_some()
    }

    /// Returns whether the value is the same for all calls of the function, also in all instances of a generic
    /// function.
    pub(crate) fn is_fixed<T>(self, value: &Given<T>) -> bool {
        let scope = self.stack.scope;
        value
            .constant()
            .is_none_or(|constant| !scope.is_expression(constant) && scope.generic(&constant.tokens).is_none())
    }

    /// Returns the expression for a time that is the same for all calls: a literal or a constant. Returns `None` for
    /// any other time.
    pub(crate) fn setting(self, time: &Given<Duration>) -> Option<TokenStream> {
        self.is_fixed(time).then(|| time.tokens(self.runtime(), |time| self.duration(*time)))
    }

    /// Returns the expression for a time. A literal and a constant have the same value for all calls. Any other
    /// expression is evaluated for each call.
    pub(crate) fn time(self, time: &Given<Duration>) -> TokenStream {
        let runtime = self.runtime();
        match time {
            Given::Literal(time) => self.duration(*time),
            Given::Constant(constant) if self.stack.scope.is_expression(constant) => {
                let tokens = &constant.tokens;
                let at = Span::mixed_site().located_at(constant.span());
                quote_spanned!(at=> { let __resilience_value: #runtime::__private::Duration = #tokens; __resilience_value })
            }
            Given::Constant(constant) => constant.inline(runtime),
        }
    }
}
