//! Implements `#[timeout]`, which ends a call that takes too long.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::Lifetime;
use syn::spanned::Spanned;

use super::attribute::{Attribute, Parsed, parsed};
use super::{guard, synonyms};
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
        With = "with",
        Error = "error",
        Crate = "crate",
    }
}

struct Timeout {
    after: After,
    span: Span,
    error: Option<TokenStream>,
}

enum After {
    Time(Given<Duration>),
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
    } else {
        args.require(Opt::After, message, errors);
    }
    let after = args.read(Opt::After, errors, |key, value| {
        Ok((After::Time(Given::read(key, value, Kind::SomeTime, value::some_duration)?), value.span()))
    });
    let with = args.read(Opt::With, errors, |_, value| Ok((After::With(value.to_token_stream()), value.span())));
    let after = with.or(after);
    let error = args.read(Opt::Error, errors, value::function);
    let timeout = after.map(|(after, span)| Timeout { after, span, error });
    parsed(timeout, args.read(Opt::Crate, errors, value::path))
}

impl Layer for Timeout {
    fn facts(&self) -> Facts {
        let (time, expression) = match &self.after {
            After::Time(after) => (after.literal().copied(), after.expression()),
            After::With(_) => (None, None),
        };
        Facts {
            late: self.error.iter().cloned().collect(),
            expressions: expression.into_iter().collect(),
            ..Facts::new(ATTRIBUTE.name, self.span, Runs::Once, None, &[], Time::AtMost(time))
        }
    }

    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        match &self.after {
            After::Time(_) => None,
            After::With(with) => Some(guard::owned(place, "Timeout", &held(place), with)),
        }
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
        let (bound, after) = match &self.after {
            After::Time(Given::Literal(after)) => (None, place.duration(*after)),
            After::Time(after) => {
                let (local, after) = (format_ident!("{local}_after", span = mixed), place.time(after));
                (Some(quote_spanned!(mixed=> let #local = #after;)), local.into_token_stream())
            }
            After::With(_) => {
                let held = held(place);
                (None, quote_spanned!(mixed=> #held.get().after()))
            }
        };
        let allowed = format_ident!("{local}_allowed", span = mixed);
        let inner = place.bound(block);
        let starts = (place.index + 1 < place.plan().len())
            .then(|| quote_spanned!(mixed=> if #allowed.is_zero() { break #expired; }));
        let late = place.late();
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
                let error = #runtime::__private::timed_out(#func, #allowed, #after);
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

/// Returns the name of the local variable that contains the timeout of the option `with`.
fn held(place: Place<'_>) -> Ident {
    format_ident!("{}_held", place.local(), span = Span::mixed_site())
}

/// Returns the label of the block that a call leaves when the timeout ends the call.
fn expired(place: Place<'_>) -> Lifetime {
    Lifetime::new(&format!("'{}_expired", place.local()), Span::mixed_site())
}
