//! Distinguishes constants from expressions that each call evaluates.

use proc_macro2::TokenStream;
use syn::GenericParam;

use crate::error::Errors;
use crate::parse::constant::Constant;
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

    pub(super) fn variable(self, tokens: &TokenStream) -> Option<&'a str> {
        self.variables.iter().find(|name| reads(tokens, name)).map(String::as_str)
    }

    /// Returns `Self` or the generic parameter in the path of a constant.
    pub(super) fn generic(self, tokens: &TokenStream) -> Option<&'a str> {
        let names = |name: &str| mentions(tokens, name);
        names("Self").then_some("Self").or_else(|| self.generics.iter().map(String::as_str).find(|name| names(name)))
    }

    /// Returns whether each call evaluates the expression.
    pub(super) fn is_expression(self, constant: &Constant) -> bool {
        !constant.is_path() || self.variable(&constant.tokens).is_some()
    }
}
