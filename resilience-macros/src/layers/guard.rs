//! Generates the statements that `#[circuit]`, `#[bulkhead]` and `#[rate_limit]` share. Each of these attributes is a
//! guard: the attribute either admits a call or rejects the call. A bulkhead, for example, expands to these statements:
//!
//! ```text
//! let bulkhead = { static SITE: Site<Bulkhead> = Site::new(BulkheadDeclaration { .. }); &SITE };
//! let _slot = match bulkhead.get().try_acquire() { Ok(permit) => permit, Err(error) => return rejected(error) };
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;

use crate::emit::layer::Place;
use crate::facts::Cause;

/// Returns a statement that clones the value of the option `with`, and binds a local variable to the clone. `layer` is
/// the type name of the value, such as `Bulkhead`.
///
/// The statement binds a reference to the value with a `match`, for two reasons:
///
/// - The compiler coerces this reference in the call of `Owned::new`. For example, a `&Arc<Bulkhead>` becomes a
///   `&Bulkhead`. If an `if` expression of the user were a direct argument of `Owned::new`, each branch would need the
///   exact type.
/// - The value may borrow from temporaries of the user's expression. A `let` instead of the `match` would drop these
///   temporaries before the call of `Owned::new`.
pub(super) fn owned(place: Place<'_>, layer: &str, local: &Ident, with: &TokenStream) -> TokenStream {
    let (runtime, layer) = (place.runtime(), Ident::new(layer, Span::mixed_site()));
    let owned = quote_spanned!(Span::mixed_site()=> Owned::<#runtime::__private::#layer>);
    handle(place, &owned, local, with)
}

/// Works like [`owned`], but binds the local variable `local` to a handle of the type `handle`, such as `HeldPolicy`.
pub(super) fn held(place: Place<'_>, handle: &str, local: &Ident, with: &TokenStream) -> TokenStream {
    self::handle(place, &Ident::new(handle, Span::mixed_site()).into_token_stream(), local, with)
}

fn handle(place: Place<'_>, handle: &TokenStream, local: &Ident, with: &TokenStream) -> TokenStream {
    let runtime = place.runtime();
    let mixed = Span::mixed_site();
    let at = mixed.located_at(with.span());
    let (held, with) = (Ident::new("held", at), quote_spanned!(at=> &(#with)));
    quote_spanned! {mixed=>
        let #local = match #with {
            #held => #runtime::__private::#handle::new(#held),
        };
    }
}

/// Returns an expression that declares a `static`, and evaluates to a reference to the `static`. All calls share the
/// circuit, bulkhead or rate limit in the `static`. `layer` is the name of the shared type, such as `Bulkhead`.
/// `declaration` contains the options of the attribute. If `declare` is true, the linker collects the declaration. The
/// runtime then knows the options before the first call.
pub(super) fn site(place: Place<'_>, layer: &str, declaration: &TokenStream, declare: bool) -> TokenStream {
    let runtime = place.runtime();
    let mixed = Span::mixed_site();
    let layer = Ident::new(layer, mixed);
    let declare = declare.then(|| quote_spanned!(mixed=> #runtime::__private::declare!(SITE);));
    // Puts the `static` with the name `SITE` into a block of its own. Without this block, the `static` could hide an
    // item of the user with the same name. Macro hygiene does not cover the names of items.
    quote_spanned! {mixed=>
        {
            static SITE: #runtime::__private::Site<#runtime::__private::#layer> =
                #runtime::__private::Site::new(#runtime::__private::#declaration);
            #declare
            &SITE
        }
    }
}

/// Returns an expression that evaluates to the success value of the `Result` in `acquired`. If the `Result` is an
/// error, the expression rejects the call. The expression converts the error to the user's error type with the user's
/// function `make`. If `make` is `None`, the expression uses the trait `From`.
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
