//! Implements `#[hedge]`, which starts another attempt if the first attempt takes too long.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::Expr;
use syn::spanned::Spanned;

use super::attribute::{Attribute, Parsed, parsed};
use super::{guard, limits, synonyms};
use crate::emit::layer::{Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Cause, Facts, Runs, Time};
use crate::parse::args::{Args, options};
use crate::parse::constant::{Given, Kind};
use crate::parse::value;
use crate::tokens::braced;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "hedge", parse };

options! {
    enum Opt: synonyms::HEDGE {
        After = "after",
        With = "with",
        Max = "max",
        Clone = "clone",
        Crate = "crate",
    }
}

struct Hedge {
    after: After,
    span: Span,
    max: Given<u32>,
    clone: Vec<Ident>,
}

enum After {
    Time(Given<Duration>),
    /// The expression in the option `with`, for a hedge that the user created.
    With(TokenStream),
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    if args.has(Opt::With) {
        let message = "does not go with `with`: the hedge that you hold has its own";
        args.refuse(&[Opt::After, Opt::Max], message, errors);
    } else {
        args.require(Opt::After, "`#[hedge]` needs a time: write `#[hedge(after = ..)]`", errors);
    }
    let after = args.read(Opt::After, errors, |key, value| {
        Ok((After::Time(Given::read(key, value, Kind::SomeTime, value::some_duration)?), value.span()))
    });
    let with = args.read(Opt::With, errors, |_, value| Ok((After::With(value.to_token_stream()), value.span())));
    let after = with.or(after);
    let whole = |key: &str, value: &Expr| value::whole(key, value, &limits::HEDGE_MAX);
    let max = args.read(Opt::Max, errors, |key, value| Given::read(key, value, Kind::whole(&limits::HEDGE_MAX), whole));
    let max = max.unwrap_or(Given::Literal(limits::HEDGE_MAX_DEFAULT));
    let clone = args.list(Opt::Clone, errors);
    let hedge = after.map(|(after, span)| Hedge { after, span, max, clone });
    parsed(hedge, args.read(Opt::Crate, errors, value::path))
}

impl Layer for Hedge {
    fn facts(&self) -> Facts {
        let (after, expression) = match &self.after {
            After::Time(after) => (after.literal().copied(), after.expression()),
            After::With(_) => (None, None),
        };
        let max = self.max().copied();
        let time = after.zip(max).map_or(Time::Unknown, |(after, max)| Time::Hedged { after, max });
        Facts {
            attempts: max,
            expressions: expression.into_iter().collect(),
            constants: self.max.constant().into_iter().cloned().collect(),
            clones: self.clone.clone(),
            ..Facts::new(ATTRIBUTE.name, self.span, Runs::AtOnce, None, Cause::ALL, time)
        }
    }

    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        match &self.after {
            After::Time(_) => None,
            After::With(with) => Some(guard::owned(place, "Hedge", &held(place), with)),
        }
    }

    /// Output:
    ///
    /// ```text
    /// let (outcome, _) = Hedged::new(const { &after }, [pin!(None), pin!(None)], |attempt| {
    ///     began(.., attempt);
    ///     async { let outcome = { .. }; (outcome, cause) }
    /// }).await;
    /// ```
    ///
    /// Each attempt runs the code of the attributes below, and returns the outcome. The attempt also returns the cause
    /// of a rejection by an attribute below, or `Cause::None`. The end of the statement `let (outcome, _) = ..;` drops
    /// all attempts.
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let runtime = &place.stack.runtime_at;
        let mixed = Span::mixed_site();
        let func = place.func();
        let (bound, after) = match &self.after {
            After::Time(Given::Literal(after)) => {
                let after = place.duration(*after);
                (None, quote_spanned!(mixed=> const { &#after }))
            }
            After::Time(after) => {
                let (local, after) = (format_ident!("{}_after", place.local(), span = mixed), place.time(after));
                (Some(quote_spanned!(mixed=> let #local = #after;)), quote_spanned!(mixed=> &#local))
            }
            After::With(_) => {
                let (local, held) = (format_ident!("{}_after", place.local(), span = mixed), held(place));
                (Some(quote_spanned!(mixed=> let #local = #held.get().after();)), quote_spanned!(mixed=> &#local))
            }
        };
        let max = match (&self.after, &self.max) {
            (After::With(_), _) => {
                let held = held(place);
                Some(quote_spanned!(mixed=> .at_most(#held.get().max())))
            }
            (After::Time(_), Given::Literal(_)) => None,
            (After::Time(_), Given::Constant(max)) => {
                let max = max.inline(place.runtime());
                Some(quote_spanned!(mixed=> .at_most(#max)))
            }
        };
        let declared = place.declared_cause();
        let tail = place.tail(block);
        let cause = place.cause_or_none();
        let places = (0..self.max().copied().unwrap_or(*limits::HEDGE_MAX.end()))
            .map(|_| quote_spanned!(mixed=> ::core::pin::pin!(::core::option::Option::None)));
        let within = quote_spanned! {mixed=>
            {
                #declared
                let outcome = { #tail };
                (outcome, #cause)
            }
        };
        // Gives the `async` block the span of the body, so that compile errors about captured variables point at the
        // user's code.
        let attempt = quote_spanned!(mixed.located_at(block.span())=> async #within);
        // Gives the closure the span of the body. If the closure had the span of a macro, the errors of rustc would not
        // name the variables that the closure captures.
        let braces = place.stack.braces;
        let parameter = Ident::new("attempt", mixed);
        let within = quote_spanned!(mixed=> #runtime::__private::began(#func, #parameter); #attempt);
        let within = braced(within, braces);
        let closure = quote_spanned!(braces=> |#parameter| #within);
        let hedged = quote_spanned! {place.stack.at=>
            #runtime::__private::Hedged::new(#after, [#(#places),*], #closure)#max
        };
        let hedged = place.watched(&hedged);
        let wait = |output: &TokenStream| place.wait(place.stack.at, output, hedged);
        Statements::Bind(match declared {
            Some(_) => {
                let wait = wait(&quote_spanned!(mixed=> (outcome, of_attempt)));
                quote_spanned!(mixed=> #bound #wait cause = of_attempt;)
            }
            None => {
                let wait = wait(&quote_spanned!(mixed=> (outcome, _)));
                quote_spanned!(mixed=> #bound #wait)
            }
        })
    }
}

impl Hedge {
    /// Returns the largest number of attempts. Returns `None` if the macro does not know the number.
    fn max(&self) -> Option<&u32> {
        match self.after {
            After::Time(_) => self.max.literal(),
            After::With(_) => None,
        }
    }
}

/// Returns the name of the local variable that contains the hedge of the option `with`.
fn held(place: Place<'_>) -> Ident {
    format_ident!("{}_held", place.local(), span = Span::mixed_site())
}
