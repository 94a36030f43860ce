//! Implements the option `budget` of `#[retry]` and `#[hedge]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, Result};

use super::guard;
use crate::emit::layer::Place;
use crate::parse::value;

pub(super) enum Budget {
    /// A path, such as the name of a `static` retry budget that several functions share.
    Shared(TokenStream),
    /// Any other expression, such as `self.budget` or `RetryBudget::bucket(..)`.
    Own(TokenStream),
}

impl Budget {
    pub(super) fn read(key: &str, value: &Expr) -> Result<Self> {
        match value::peel(value) {
            Expr::Path(path) => Ok(Self::Shared(path.to_token_stream())),
            Expr::Reference(reference) if !value::is_path(&reference.expr) => Ok(Self::Own(value.to_token_stream())),
            Expr::Lit(_) | Expr::Closure(_) | Expr::Reference(_) => {
                let message =
                    format!("`{key}` must be the path of a static `RetryBudget`, or an expression that makes one");
                Err(Error::new_spanned(value, message))
            }
            expr => Ok(Self::Own(expr.to_token_stream())),
        }
    }

    /// Returns the name of the local variable that contains the budget.
    pub(super) fn local(place: Place<'_>) -> Ident {
        format_ident!("{}_budget", place.local(), span = Span::mixed_site())
    }

    /// Returns the statement that binds a local variable to the budget, if each call evaluates the expression of the
    /// budget. Returns `None` if the expression names neither `self` nor an argument.
    pub(super) fn held(&self, place: Place<'_>) -> Option<TokenStream> {
        self.is_held(place).then(|| guard::held(place, "HeldBudget", &Self::local(place), self.expression()))
    }

    /// Returns the statement that binds a local variable to the budget, if all calls share the budget. Returns `None`
    /// if each call evaluates the expression of the budget.
    pub(super) fn of_function(&self, place: Place<'_>) -> Option<TokenStream> {
        if self.is_held(place) {
            return None;
        }
        let runtime = place.runtime();
        let (mixed, local) = (Span::mixed_site(), Self::local(place));
        let budget = match self {
            Self::Shared(path) => quote_spanned!(mixed.located_at(path.span())=> &#path),
            // The block hides the `static` from the user's code, because macro hygiene does not cover the names of
            // items.
            Self::Own(expr) => quote_spanned! {mixed=> {
                static __RESILIENCE_BUDGET: #runtime::__private::RetryBudget = #expr;
                &__RESILIENCE_BUDGET
            }},
        };
        // The type `&'static` makes the compiler reject a budget that is a `const`. A `const` would give each call a
        // new budget.
        Some(quote_spanned!(mixed=> let #local: &'static #runtime::__private::RetryBudget = #budget;))
    }

    fn is_held(&self, place: Place<'_>) -> bool {
        place.names_variable(self.expression())
    }

    fn expression(&self) -> &TokenStream {
        let (Self::Shared(expr) | Self::Own(expr)) = self;
        expr
    }
}
