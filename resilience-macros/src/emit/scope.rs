//! Distinguishes constants in options from expressions that each call evaluates.

use proc_macro2::{TokenStream, TokenTree};
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
    /// The names of the type parameters and the const parameters of the function.
    pub(crate) generics: &'a [String],
}

/// Returns the name of a type parameter or a const parameter. Returns `None` for a lifetime parameter.
pub(super) fn parameter(parameter: &GenericParam) -> Option<String> {
    match parameter {
        GenericParam::Type(ty) => Some(ty.ident.to_string()),
        GenericParam::Const(constant) => Some(constant.ident.to_string()),
        GenericParam::Lifetime(_) => None,
    }
}

impl<'a> Scope<'a> {
    /// Reports an error if a constant in an option uses an argument. If all calls share the state of the attribute,
    /// also reports an error if the constant uses `Self` or a generic parameter.
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

    /// Returns the name of a variable that the expression `tokens` reads: an argument or `self`.
    pub(super) fn variable(self, tokens: &TokenStream) -> Option<&'a str> {
        // Adds `self`, because the arguments do not contain `self` if `#[async_trait]` has expanded the function.
        let variables = self.variables.iter().map(String::as_str).chain(["self"]);
        variables.into_iter().find(|name| reads(tokens, name))
    }

    /// Searches the expression `tokens` for a generic parameter and for `Self`. Returns the first name that it finds.
    pub(super) fn generic(self, tokens: &TokenStream) -> Option<String> {
        let names = self.generics.iter().map(String::as_str).chain(["Self"]);
        names.into_iter().find(|name| mentions(tokens, name)).map(str::to_owned).or_else(|| letter(tokens))
    }

    /// Returns whether `constant` is an expression that each call evaluates, such as `self.limit`.
    pub(super) fn is_expression(self, constant: &Constant) -> bool {
        !constant.is_path() || self.variable(&constant.tokens).is_some()
    }
}

/// Returns the first segment of a path such as `T::LIMIT`, if the segment is one upper-case letter. The macro does not
/// see the `impl` around the function, but the segment is probably a generic parameter of this `impl`.
fn letter(tokens: &TokenStream) -> Option<String> {
    let tokens: Vec<_> = tokens.clone().into_iter().collect();
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    tokens.iter().enumerate().find_map(|(at, token)| match token {
        TokenTree::Group(group) => letter(&group.stream()),
        TokenTree::Ident(name) => {
            let name = name.to_string();
            let is_first = at == 0 || !is_colon(&tokens[at - 1]);
            let leads = tokens.get(at + 1).is_some_and(is_colon) || at > 0 && is_less(&tokens[at - 1]);
            let is_letter = name.len() == 1 && name.starts_with(|first: char| first.is_ascii_uppercase());
            (is_letter && is_first && leads).then_some(name)
        }
        _ => None,
    })
}

fn is_less(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == '<')
}
