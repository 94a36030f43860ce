//! The parts that circuit, bulkhead and rate limit share. Each of them is a guard: it admits a call or rejects it.
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

/// Binds the layer's local to a clone of the user's value `with`. The value has the type `layer`.
///
/// The call takes a reference to the expression, because an argument has one type for all branches of an `if`. A `let`
/// would drop temporaries that the expression borrows from.
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

/// Returns the site of a layer that all calls share. The site has the type `layer` and this declaration. The macro
/// `declare` collects the declaration at link time, before the first call.
pub(super) fn site(place: Place<'_>, layer: &str, declaration: &TokenStream, declare: bool) -> TokenStream {
    let runtime = place.runtime();
    let mixed = Span::mixed_site();
    let layer = Ident::new(layer, mixed);
    let declare = declare.then(|| quote_spanned!(mixed=> #runtime::__private::declare!(SITE);));
    // The item is in a block of its own. Its name is not hygienic, and must not hide an item of the user.
    quote_spanned! {mixed=>
        {
            static SITE: #runtime::__private::Site<#runtime::__private::#layer> =
                #runtime::__private::Site::new(#runtime::__private::#declaration);
            #declare
            &SITE
        }
    }
}

/// Returns the permit in the result `acquired`. A rejected call leaves with its error.
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
