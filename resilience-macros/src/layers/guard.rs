//! Generates the `static` of an attribute. The `static` contains the state that all calls share. Also generates the
//! code with which a `#[circuit]`, a `#[bulkhead]` or a `#[rate_limit]` admits or rejects a call. A bulkhead, for
//! example, expands to these statements:
//!
//! ```text
//! let bulkhead = { static SITE: Site<Bulkhead> = Site::new(LayerDeclaration::new(..).max(10)); &SITE };
//! let _slot = match bulkhead.get().try_acquire() { Ok(permit) => permit, Err(error) => return rejected(error) };
//! ```

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::LitStr;
use syn::spanned::Spanned;

use crate::emit::layer::Place;
use crate::error::Errors;
use crate::facts::Cause;
use crate::parse::constant::Given;

/// Returns a statement that clones the value of the option `with`, and binds a local variable to the clone. `layer` is
/// the type name of the value, such as `Bulkhead`.
pub(super) fn owned(place: Place<'_>, layer: &str, local: &Ident, with: &TokenStream) -> TokenStream {
    let (runtime, layer) = (place.runtime(), Ident::new(layer, Span::mixed_site()));
    let owned = quote_spanned!(Span::mixed_site()=> Owned::<#runtime::__private::#layer>);
    handle(place, &owned, local, with)
}

/// Works like [`owned`], but stores the clone in another type of the runtime crate. `handle` is the name of this type,
/// such as `HeldPolicy`.
pub(super) fn held(place: Place<'_>, handle: &str, local: &Ident, with: &TokenStream) -> TokenStream {
    self::handle(place, &Ident::new(handle, Span::mixed_site()).into_token_stream(), local, with)
}

/// Returns the statement that binds the local variable `local` to the circuit of `key`. `with` is the user's expression
/// for the circuits of all keys. `keyed` is the name of the type of this expression, such as `KeyedCircuits`.
pub(super) fn of_key(
    place: Place<'_>,
    keyed: &str,
    local: &Ident,
    with: &TokenStream,
    key: &TokenStream,
) -> TokenStream {
    let (runtime, keyed) = (place.runtime(), Ident::new(keyed, Span::mixed_site()));
    let key = reference(key);
    bind(local, with, |held| quote_spanned!(Span::mixed_site()=> #runtime::__private::#keyed::__of(#held, #key)))
}

/// Returns an expression that borrows the value of `expr`.
pub(super) fn reference(expr: &TokenStream) -> TokenStream {
    quote_spanned!(Span::mixed_site().located_at(expr.span())=> &(#expr))
}

fn handle(place: Place<'_>, handle: &TokenStream, local: &Ident, with: &TokenStream) -> TokenStream {
    let runtime = place.runtime();
    bind(local, with, |held| quote_spanned!(Span::mixed_site()=> #runtime::__private::#handle::new(#held)))
}

/// Returns the statement that binds the local variable `local` to a value made from the user's expression `with`. The
/// closure `make` receives the name of a variable that borrows the user's value. `make` returns the expression for the
/// new value.
///
/// Output: `let bulkhead = match &(self.bulkhead) { held => Owned::<Bulkhead>::new(held) };`
///
/// The statement contains a `match`, instead of `Owned::new(&(self.bulkhead))`, for two reasons:
///
/// - The compiler coerces the variable `held` in the call of `Owned::new`. For example, a `&Arc<Bulkhead>` becomes a
///   `&Bulkhead`. The user's expression may be an `if` expression. If this expression were a direct argument of
///   `Owned::new`, each branch would need the exact type `Bulkhead`. An `Arc<Bulkhead>` in a branch would be an error.
/// - The value may borrow from temporaries of the user's expression. A `let` instead of the `match` would drop these
///   temporaries before the call of `Owned::new`.
fn bind(local: &Ident, with: &TokenStream, make: impl FnOnce(&Ident) -> TokenStream) -> TokenStream {
    let mixed = Span::mixed_site();
    let held = Ident::new("held", mixed.located_at(with.span()));
    let (holder, layer) = (reference(with), make(&held));
    quote_spanned! {mixed=>
        let #local = match #holder {
            #held => #layer,
        };
    }
}

/// Returns a block that declares a `static`, and evaluates to a reference to the `static`. All calls share the value in
/// the `static`, such as a circuit. `layer` is the type name of this value, such as `CircuitBreaker`. `declaration`
/// contains the options of the attribute. With the feature `declare`, the crate `inventory` collects all declarations,
/// so that the program can list them before the first call.
pub(super) fn site(place: Place<'_>, layer: &str, declaration: &TokenStream) -> TokenStream {
    let (site, statics) = statics(place, layer, declaration);
    quote_spanned!(Span::mixed_site()=> { #statics &#site })
}

/// Returns the name of the `static`, and the statements that declare the `static`.
fn statics(place: Place<'_>, layer: &str, declaration: &TokenStream) -> (Ident, TokenStream) {
    let runtime = place.runtime();
    let mixed = Span::mixed_site();
    let layer = Ident::new(layer, mixed);
    // Uses an unusual name for the `static`. Macro hygiene does not cover the names of items, so a usual name could
    // hide an item of the user.
    let site = Ident::new("__RESILIENCE_SITE", mixed);
    // The tokens `.placed()` have the span of the attribute, so the method `placed` stores the source position of the
    // attribute. Without this method, every declaration would have the position of the outermost attribute.
    let placed = quote_spanned!(place.facts().span=> .placed());
    let position = place.position();
    let statics = quote_spanned! {mixed=>
        static #site: #runtime::__private::Site<#runtime::__private::#layer> =
            #runtime::__private::Site::new(#runtime::__private::#declaration #position #placed);
        #runtime::__private::declare!(#site);
    };
    (site, statics)
}

/// Returns a method call such as `.max(3)`, which passes a number to the declaration of a layer.
pub(super) fn count(place: Place<'_>, option: &str, value: Option<&Given<u32>>) -> Option<TokenStream> {
    let mixed = Span::mixed_site();
    let option = Ident::new(option, mixed);
    let value = value?.tokens(place.runtime(), |value| Literal::u32_unsuffixed(*value).into_token_stream());
    Some(quote_spanned!(mixed=> .#option(#value)))
}

/// The option `name` and the settings of an attribute, for the runtime type `LayerDeclaration`. A `#[circuit]` uses the
/// runtime type `CircuitDeclaration` instead.
pub(super) struct Declaration<'a> {
    /// The type name of the layer, such as `Bulkhead`.
    pub(super) layer: &'a str,
    pub(super) name: Option<&'a Given<LitStr>>,
    /// The method calls that pass the settings to the runtime, such as `.max(3)`.
    pub(super) options: TokenStream,
    /// The name of a required option that the attribute lacks, or `None`.
    pub(super) missing: Option<&'a str>,
    /// The name of the option whose value each call evaluates, or `*` for all options.
    pub(super) evaluated: Option<&'a str>,
}

impl Declaration<'_> {
    /// Returns a block that declares the `static` of this attribute, which contains the state that all calls share. The
    /// block evaluates to a reference to the `static`.
    pub(super) fn site(&self, place: Place<'_>) -> TokenStream {
        let (site, statics) = self.statics(place);
        quote_spanned!(Span::mixed_site()=> { #statics &#site })
    }

    /// Returns an expression for a closure that returns the layer that all calls share. `method` is a method call on
    /// this layer, such as `.core()`, or empty.
    ///
    /// The closure captures nothing, so it adds no bytes to the future of the decorated function.
    pub(super) fn closure(&self, place: Place<'_>, method: &TokenStream) -> TokenStream {
        let (site, statics) = self.statics(place);
        quote_spanned!(Span::mixed_site()=> || { #statics #site.get()#method })
    }

    fn statics(&self, place: Place<'_>) -> (Ident, TokenStream) {
        let Self { layer, name, options, missing, evaluated } = self;
        let runtime = place.runtime();
        let mixed = Span::mixed_site();
        let of = Ident::new(layer, mixed);
        let func = place.func();
        let name = name.map(|name| {
            let name = name.tokens(runtime, ToTokens::to_token_stream);
            quote_spanned!(mixed=> .name(#name))
        });
        let evaluated = evaluated.map(|option| quote_spanned!(mixed=> .evaluated(#option)));
        let declaration = quote_spanned! {mixed=>
            LayerDeclaration::<#runtime::__private::#of>::new(#func, ::core::module_path!()) #name #options #evaluated
        };
        let (site, statics) = statics(place, layer, &declaration);
        let incomplete = missing.map(|option| {
            let message =
                format!("`{option}` is missing: without the feature `declare`, each attribute with a name needs it");
            quote_spanned!(mixed=> #runtime::__private::incomplete!(#message);)
        });
        (site, quote_spanned!(mixed=> #incomplete #statics))
    }
}

/// Returns a statement that binds the local variable `local` to a closure. The closure returns the layer that all calls
/// share.
pub(super) fn shared(place: Place<'_>, local: &Ident, declaration: &Declaration<'_>) -> TokenStream {
    let closure = declaration.closure(place, &TokenStream::new());
    quote_spanned!(Span::mixed_site()=> let #local = #closure;)
}

/// Returns an expression that admits or rejects a call. The argument `acquired` is an expression that evaluates to a
/// `Result`. If this result is an `Ok`, the call is admitted, and the returned expression evaluates to the value of the
/// `Ok`. If the result is an `Err`, the call is rejected. The user's function `make` then converts the error to the
/// user's error type. If `make` is `None`, the trait `From` converts the error.
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

/// Reports an error for a `name` that looks like `name[key]`. A circuit, a bulkhead or a rate limit with a key has a
/// name of this form. `layer` is the noun for the error text, such as `circuit`.
pub(super) fn check_brackets(name: &LitStr, has_key: bool, layer: &str, errors: &mut Errors) {
    let text = name.value();
    if text.strip_suffix(']').is_some_and(|text| text.contains('[')) {
        errors
            .push(name.span(), format_args!("`name` must not end like `name[key]`, the name of a {layer} with a key"));
    } else if has_key && text.contains('[') {
        errors.push(
            name.span(),
            format_args!("`name` must not contain `[` beside `key`, since `name[key]` is the name of a {layer}"),
        );
    }
}
