//! Generates the statements that circuit, bulkhead and rate limit share. Each of these layers is a guard: the layer
//! either admits a call or rejects it. A bulkhead, for example, expands to these statements:
//!
//! ```text
//! let bulkhead = { static SITE: Site<Bulkhead> = Site::new(BulkheadDeclaration { .. }); &SITE };
//! let _slot = match bulkhead.get().try_acquire() { Ok(permit) => permit, Err(error) => return rejected(error) };
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;

use crate::emit::layer::Place;
use crate::facts::Cause;

/// Returns a statement that binds the layer's local variable to a clone of the value of the option `with`. `layer` is
/// the name of the value's type, for example `Bulkhead`.
///
/// The `match` binds a reference to the value, which the compiler then dereferences for the call of `new`. If the
/// expression were a direct argument of `new`, each branch of an `if` in the expression would need exactly the type
/// `layer`. A `let` instead of the `match` would drop temporaries that the expression borrows from.
pub(super) fn owned(place: Place<'_>, layer: &str, with: &TokenStream) -> TokenStream {
    let runtime = place.runtime();
    let mixed = Span::mixed_site();
    let at = mixed.located_at(with.span());
    let (local, layer) = (place.local(), Ident::new(layer, mixed));
    let (held, with) = (Ident::new("held", at), quote_spanned!(at=> &(#with)));
    quote_spanned! {mixed=>
        let #local = match #with {
            #held => #runtime::__private::Owned::<#runtime::__private::#layer>::new(#held),
        };
    }
}

/// Returns an expression for a reference to a `static`, through which all calls share one circuit, bulkhead or rate
/// limit. `layer` is the name of this type, and `declaration` contains its options. If `declare` is true, the
/// declaration is collected at link time, so that the program knows the declaration before the first call.
pub(super) fn site(place: Place<'_>, layer: &str, declaration: &TokenStream, declare: bool) -> TokenStream {
    let runtime = place.runtime();
    let mixed = Span::mixed_site();
    let layer = Ident::new(layer, mixed);
    let declare = declare.then(|| quote_spanned!(mixed=> #runtime::__private::declare!(SITE);));
    // Puts the `static` into a block of its own. The name of an item is not hygienic, so `SITE` could otherwise hide an
    // item of the user.
    quote_spanned! {mixed=>
        {
            static SITE: #runtime::__private::Site<#runtime::__private::#layer> =
                #runtime::__private::Site::new(#runtime::__private::#declaration);
            #declare
            &SITE
        }
    }
}

/// Returns an expression for the permit in the result `acquired`. If this result is an error, the call is rejected and
/// leaves the layer. `make` is the user's function that converts the error, if there is one.
pub(super) fn admit(place: Place<'_>, cause: Cause, acquired: &TokenStream, make: Option<&TokenStream>) -> TokenStream {
    let mixed = Span::mixed_site();
    let error = Ident::new("error", mixed);
    let leave = place.leave(cause, &error, &place.rejected(&error, make));
    quote_spanned! {mixed=>
        match #acquired {
            ::core::result::Result::Ok(permit) => permit,
            ::core::result::Result::Err(#error) => #leave
        }
    }
}
