//! The parts that circuit, bulkhead and rate limit share: the guard of a call site, which admits a call or rejects it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;

use crate::emit::layer::Place;
use crate::facts::Cause;

/// Returns the result of the function `of` of the runtime for a guard of the user's.
///
/// The function takes a reference, and not the expression itself, because an argument has one type for all branches of
/// an `if`. A `let` would drop temporaries that the expression borrows from.
pub(super) fn held(place: Place<'_>, of: &TokenStream, with: &TokenStream) -> TokenStream {
    let runtime = place.runtime();
    let mixed = Span::mixed_site();
    let at = mixed.located_at(with.span());
    let (held, with) = (Ident::new("held", at), quote_spanned!(at=> &(#with)));
    quote_spanned!(mixed=> match #with { #held => #runtime::__private::#of(#held) })
}

/// Binds the layer's local to a guard that all calls share: a static of this name and type, which `make` makes.
pub(super) fn shared(place: Place<'_>, name: &str, ty: &str, make: &TokenStream) -> TokenStream {
    let runtime = place.runtime();
    let mixed = Span::mixed_site();
    let (local, name, ty) = (place.local(), Ident::new(name, mixed), Ident::new(ty, mixed));
    // In a block of its own: an item is not hygienic, and must not hide one of the user's.
    quote_spanned! {mixed=>
        let #local = {
            static #name: #runtime::__private::LazyLock<#runtime::__private::#ty> =
                #runtime::__private::LazyLock::new(|| {
                    #runtime::__private::#make
                });
            &*#name
        };
    }
}

/// Acquires a permit by the expression `acquire`: the arm `admitted` continues, and a rejected call leaves with `error`.
///
/// Output: `match circuit.acquire() { Ok(permit) => permit, Err(open) => return rejected(open), }`
pub(super) fn admit(
    place: Place<'_>,
    cause: Cause,
    acquire: &TokenStream,
    admitted: &TokenStream,
    error: &str,
    make: Option<&TokenStream>,
) -> TokenStream {
    let mixed = Span::mixed_site();
    let error = Ident::new(error, mixed);
    let leave = place.leave(cause, &place.rejected(&error, make));
    quote_spanned! {mixed=>
        match #acquire {
            ::core::result::Result::Ok #admitted
            ::core::result::Result::Err(#error) => #leave
        }
    }
}
