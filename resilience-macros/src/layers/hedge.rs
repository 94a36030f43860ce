//! Implements `#[hedge]`, which starts another attempt if the first attempt takes too long.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;

use super::attribute::{Attribute, Parsed, parsed};
use super::{limits, synonyms};
use crate::emit::layer::{Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Cause, Facts, Runs, Time};
use crate::parse::args::{Args, options};
use crate::parse::value;
use crate::tokens::braced;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "hedge", parse };

options! {
    enum Opt: synonyms::HEDGE {
        After = "after",
        Max = "max",
        Clone = "clone",
        Crate = "crate",
    }
}

struct Hedge {
    after: Duration,
    span: Span,
    max: u32,
    clone: Vec<Ident>,
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    args.require(Opt::After, "`#[hedge]` needs a time: write `#[hedge(after = ..)]`", errors);
    let after = args.read(Opt::After, errors, |key, value| Ok((value::some_duration(key, value)?, value.span())));
    let max = args.read(Opt::Max, errors, |key, value| value::whole(key, value, &limits::HEDGE_MAX));
    let max = max.unwrap_or(limits::HEDGE_MAX_DEFAULT);
    let clone = args.list(Opt::Clone, errors);
    let hedge = after.map(|(after, span)| Hedge { after, span, max, clone });
    parsed(hedge, args.read(Opt::Crate, errors, value::path))
}

impl Layer for Hedge {
    fn facts(&self) -> Facts {
        let time = Time::Hedged { after: self.after, max: self.max };
        Facts {
            attempts: Some(self.max),
            clones: self.clone.clone(),
            ..Facts::new(ATTRIBUTE.name, self.span, Runs::AtOnce, None, Cause::ALL, time)
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
        let (func, after) = (place.func(), place.duration(self.after));
        let declared = place.declared_cause();
        let tail = place.tail(block);
        let cause = place.cause_or_none();
        let places = (0..self.max).map(|_| quote_spanned!(mixed=> ::core::pin::pin!(::core::option::Option::None)));
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
        // Gives the closure the span of the body. In its errors, rustc does not name a variable that a closure with the
        // span of a macro captures.
        let braces = place.stack.braces;
        let parameter = Ident::new("attempt", mixed);
        let within = quote_spanned!(mixed=> #runtime::__private::began(#func, #parameter); #attempt);
        let within = braced(within, braces);
        let closure = quote_spanned!(braces=> |#parameter| #within);
        let hedged = quote_spanned! {place.stack.at=>
            #runtime::__private::Hedged::new(const { &#after }, [#(#places),*], #closure)
        };
        let hedged = place.watched(&hedged);
        let wait = |output: &TokenStream| place.wait(place.stack.at, output, hedged);
        Statements::Bind(match declared {
            Some(_) => {
                let wait = wait(&quote_spanned!(mixed=> (outcome, of_attempt)));
                quote_spanned!(mixed=> #wait cause = of_attempt;)
            }
            None => wait(&quote_spanned!(mixed=> (outcome, _))),
        })
    }
}
