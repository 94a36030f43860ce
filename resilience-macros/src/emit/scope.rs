//! Distinguishes constants from expressions that each call evaluates.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::GenericParam;

use super::layer::Place;
use crate::error::Errors;
use crate::parse::constant::{Constant, Given};
use crate::plan::plan::Plan;
use crate::tokens::{mentions, reads};

/// The names that the decorated function declares.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    /// The variables that the arguments bind, and `self`.
    pub(crate) variables: &'a [String],
    /// The generic types and constants of the function.
    pub(crate) generics: &'a [String],
}

/// Returns the name of a generic type or of a generic constant.
pub(super) fn parameter(parameter: &GenericParam) -> Option<String> {
    match parameter {
        GenericParam::Type(ty) => Some(ty.ident.to_string()),
        GenericParam::Const(constant) => Some(constant.ident.to_string()),
        GenericParam::Lifetime(_) => None,
    }
}

impl<'a> Scope<'a> {
    /// Reports each option whose value must be a constant, but names an argument, `Self` or a generic parameter.
    pub(super) fn check(self, plan: &Plan, errors: &mut Errors) {
        for (constant, is_shared) in plan.constants() {
            let key = constant.key;
            if let Some(name) = self.variable(&constant.tokens) {
                let message = format!(
                    "`{key}` must be a constant, and `{name}` belongs to one call: for a value of the call, hold the layer \
                     and write `with = ..`"
                );
                errors.push(constant.span(), message);
            } else if let Some(name) = self.generic(&constant.tokens).filter(|_| is_shared) {
                let message = format!(
                    "all calls share `{key}`, so that it cannot name `{name}`: write the name of a type, such as \
                     `Client::LIMIT`"
                );
                errors.push(constant.span(), message);
            }
        }
    }

    fn variable(self, tokens: &TokenStream) -> Option<&'a str> {
        self.variables.iter().find(|name| reads(tokens, name)).map(String::as_str)
    }

    /// Returns `Self` or the generic parameter in the path of a constant.
    fn generic(self, tokens: &TokenStream) -> Option<&'a str> {
        let names = |name: &str| mentions(tokens, name);
        names("Self").then_some("Self").or_else(|| self.generics.iter().map(String::as_str).find(|name| names(name)))
    }

    /// Returns whether each call evaluates the expression.
    fn is_expression(self, constant: &Constant) -> bool {
        !constant.is_path() || self.variable(&constant.tokens).is_some()
    }
}

impl Place<'_> {
    /// Returns whether the expression names `self` or an argument.
    pub(crate) fn names_variable(self, tokens: &TokenStream) -> bool {
        self.stack.scope.variable(tokens).is_some()
    }

    /// Returns whether the value is the same for all calls of the function, and of every generic instance of it.
    pub(crate) fn is_fixed<T>(self, value: &Given<T>) -> bool {
        let scope = self.stack.scope;
        value
            .constant()
            .is_none_or(|constant| !scope.is_expression(constant) && scope.generic(&constant.tokens).is_none())
    }

    /// Returns the time as a setting of the attribute: a literal or a constant that is the same for all calls.
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
                quote_spanned!(at=> { let value: #runtime::__private::Duration = #tokens; value })
            }
            Given::Constant(constant) => constant.inline(runtime),
        }
    }
}
