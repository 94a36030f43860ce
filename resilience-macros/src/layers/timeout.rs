//! Implements `#[timeout]`, which ends a call that takes too long.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Lifetime, LitStr};

use super::attribute::{Attribute, Parsed, parsed};
use super::guard::{self, Declaration};
use super::synonyms;
use crate::emit::layer::{Interrupt, Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Facts, Runs, Time};
use crate::parse::args::{Args, options};
use crate::parse::constant::{Given, Kind};
use crate::parse::value;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "timeout", parse };

options! {
    enum Opt: synonyms::TIMEOUT {
        (After) = "timeout",
        Name = "name",
        With = "with",
        Error = "error",
        Crate = "crate",
    }
}

struct Timeout {
    name: Option<Given<LitStr>>,
    after: After,
    span: Span,
    error: Option<TokenStream>,
}

enum After {
    /// The time, or `None` if another attribute with the same name sets the time.
    Time(Option<Given<Duration>>),
    /// The expression in the option `with`, for a timeout that the user created.
    With(TokenStream),
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    let message = "`#[timeout]` needs a duration: write `#[timeout(5)]`, or `#[timeout(\"250ms\")]`";
    if args.has(Opt::With) {
        if let Some(after) = args.ident(Opt::After) {
            errors.push(after.span(), "this does not go with `with`: the timeout that you hold has its own time");
        }
        args.refuse(&[Opt::Name], "does not go with `with`: the timeout that you hold is not listed", errors);
    } else if !args.has(Opt::Name) {
        args.require(Opt::After, message, errors);
    }
    let after = args.read(Opt::After, errors, |key, value| {
        Ok((After::Time(Some(Given::read(key, value, Kind::SomeTime, value::some_duration)?)), value.span()))
    });
    let with = args.read(Opt::With, errors, |_, value| Ok((After::With(value.to_token_stream()), value.span())));
    let name = args.read(Opt::Name, errors, |key, value| Given::read(key, value, Kind::Text, value::name));
    let after = with.or(after).or(name.is_some().then_some((After::Time(None), span)));
    let error = args.read(Opt::Error, errors, value::function);
    let timeout = after.map(|(after, span)| Timeout { name, after, span, error });
    parsed(timeout, args.read(Opt::Crate, errors, value::path))
}

impl Layer for Timeout {
    fn facts(&self) -> Facts {
        let (time, expression) = match &self.after {
            After::Time(Some(after)) => (after.literal().copied(), after.expression()),
            After::Time(None) | After::With(_) => (None, None),
        };
        Facts {
            late: self.error.iter().cloned().collect(),
            constants: self.name.as_ref().and_then(Given::constant).into_iter().cloned().collect(),
            is_shared: true,
            expressions: expression.into_iter().collect(),
            ..Facts::new(ATTRIBUTE.name, self.span, Runs::Once, None, &[], Time::AtMost(time))
        }
    }

    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        let mixed = Span::mixed_site();
        let after = match &self.after {
            After::Time(after) => after.as_ref(),
            After::With(with) => return Some(guard::owned(place, "Timeout", &held(place), with)),
        };
        let setting = after.and_then(|after| place.setting(after));
        let declaration = Declaration {
            layer: "Timeout",
            name: self.name.as_ref(),
            options: setting.iter().map(|after| quote_spanned!(mixed=> .timeout(#after))).collect(),
            missing: after.is_none().then_some("timeout"),
            is_evaluated: after.is_some() && setting.is_none(),
        };
        Some(guard::shared(place, &held(place), &declaration))
    }

    /// Output:
    ///
    /// ```text
    /// let timeout_allowed = within(after);
    /// let mut timeout = pin!(Timer::new(timeout_allowed));
    /// let outcome = 'timeout: {
    ///     'timeout_expired: {
    ///         ..
    ///         break 'timeout outcome;
    ///     }
    ///     let error = timed_out(..);
    ///     rejected(error)
    /// };
    /// ```
    ///
    /// The timer limits the wait for the body, and each wait in the code of an attribute below. If there are attributes
    /// below, the block `'timeout_expired` begins with `if timeout_allowed.is_zero() { break 'timeout_expired; }`.
    /// Without this check, an attribute below could admit a call whose body never starts.
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let runtime = place.runtime();
        let mixed = Span::mixed_site();
        let (local, label, expired) = (place.local(), place.label(), expired(place));
        let func = place.func();
        let held = held(place);
        let (bound, timeout, after) = match &self.after {
            After::With(_) => (None, quote_spanned!(mixed=> #held.get()), quote_spanned!(mixed=> #held.get().after())),
            After::Time(Some(after)) if !place.is_fixed(after) => {
                let (local, after) = (format_ident!("{local}_after", span = mixed), place.time(after));
                let bound = quote_spanned!(mixed=> let #local = #after;);
                (Some(bound), quote_spanned!(mixed=> #held()), local.into_token_stream())
            }
            After::Time(_) => (None, quote_spanned!(mixed=> #held()), quote_spanned!(mixed=> #held().after())),
        };
        let allowed = format_ident!("{local}_allowed", span = mixed);
        let inner = place.bound(block);
        let starts = (place.index + 1 < place.plan().len())
            .then(|| quote_spanned!(mixed=> if #allowed.is_zero() { break #expired; }));
        let (late, resumed) = (place.late(), place.resumed());
        let rejected = place.rejected(&Ident::new("error", mixed), self.error.as_ref());
        Statements::Bind(quote_spanned! {mixed=>
            #bound
            let #allowed = #runtime::__private::within(#after);
            let mut #local = ::core::pin::pin!(#runtime::__private::Timer::new(#allowed));
            let outcome = #label: {
                #expired: {
                    #starts
                    #inner
                    break #label outcome;
                }
                #resumed
                let error = #runtime::__private::timed_out(#timeout, #func, #allowed, #after);
                #late
                #rejected
            };
        })
    }

    /// Returns the timer that limits the wait for the body, and each wait in the code of an attribute below. When the
    /// timer expires, the call jumps out of the code of the attributes below, and thereby drops their local variables.
    fn interrupt(&self, place: Place<'_>) -> Option<Interrupt> {
        let local = place.local();
        let timer = quote_spanned!(Span::mixed_site()=> #local.as_mut());
        Some(Interrupt { timer, expired: expired(place) })
    }
}

/// Returns the name of the local variable that contains the timeout of the option `with`, or a closure that returns the
/// timeout of the attribute.
fn held(place: Place<'_>) -> Ident {
    format_ident!("{}_held", place.local(), span = Span::mixed_site())
}

/// Returns the label of the block that a call leaves when the timeout ends the call.
fn expired(place: Place<'_>) -> Lifetime {
    Lifetime::new(&format!("'{}_expired", place.local()), Span::mixed_site())
}
