//! Implements `#[hedge]`, which starts another attempt if the first attempt takes too long.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Expr, LitStr};

use super::after::After;
use super::attribute::{Attribute, Parsed, parsed};
use super::budget::Budget;
use super::guard;
use super::percentile::{Asked, Percentile};
use super::{limits, synonyms};
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
        Name = "name",
        After = "after",
        MinAfter = "min_after",
        MaxAfter = "max_after",
        With = "with",
        Max = "max",
        Budget = "budget",
        Clone = "clone",
        Crate = "crate",
    }
}

struct Hedge {
    name: Option<Given<LitStr>>,
    after: After,
    span: Span,
    max: Option<Given<u32>>,
    budget: Option<Budget>,
    clone: Vec<Ident>,
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    if args.has(Opt::With) {
        let message = "does not go with `with`: the hedge that you hold has its own";
        args.refuse(&[Opt::Name, Opt::After, Opt::MinAfter, Opt::MaxAfter, Opt::Max], message, errors);
    } else if !args.has(Opt::Name) {
        args.require(Opt::After, "`#[hedge]` needs a time: write `#[hedge(after = ..)]`", errors);
    }
    let with_time = !args.has(Opt::With) && (args.has(Opt::After) || args.has(Opt::Name));
    let asked = Percentile::read(&mut args, [Opt::After, Opt::MinAfter, Opt::MaxAfter], with_time, errors);
    let (after, name) = After::read(&mut args, [Opt::After, Opt::With, Opt::Name], span, errors);
    let after = match asked {
        Asked::No => after,
        Asked::Wrong => None,
        Asked::Percentile(percentile, span) => Some((After::Percentile(percentile), span)),
    };
    let whole = |key: &str, value: &Expr| value::whole(key, value, &limits::HEDGE_MAX);
    let max = args.read(Opt::Max, errors, |key, value| Given::read(key, value, Kind::whole(&limits::HEDGE_MAX), whole));
    let budget = args.read(Opt::Budget, errors, Budget::read);
    let clone = args.list(Opt::Clone, errors);
    let hedge = after.map(|(after, span)| Hedge { name, after, span, max, budget, clone });
    parsed(hedge, args.read(Opt::Crate, errors, value::path))
}

const NEEDS_ASYNC: &str = "a hedge cannot start a second attempt while a function that is not async blocks the thread: in an \
                           `async fn`, await `spawn_blocking(move || ..)`, and hold a slot of \
                           `Bulkhead::acquire_owned` in the closure, which runs on after the hedge";

impl Layer for Hedge {
    fn facts(&self) -> Facts {
        let max = self.max();
        let percentile = self.percentile();
        let interval = match percentile {
            Some(percentile) => percentile.literals(),
            None => self.after.literal().map(|after| (after, after)),
        };
        let time = interval.zip(max).map_or(Time::Unknown, |((min, after), max)| Time::Hedged { min, after, max });
        Facts {
            attempts: max,
            expressions: self.after.expression().into_iter().collect(),
            constants: {
                let name = self.name.as_ref().and_then(Given::constant);
                let limits = percentile.into_iter().flat_map(Percentile::constants);
                name.into_iter().chain(limits).chain(self.max.as_ref().and_then(Given::constant)).cloned().collect()
            },
            is_shared: true,
            clones: self.clone.clone(),
            needs_async: Some(NEEDS_ASYNC),
            ..Facts::new(ATTRIBUTE.name, self.span, Runs::AtOnce, None, Cause::ALL, time)
        }
    }

    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        let (runtime, mixed) = (place.runtime(), Span::mixed_site());
        let after = match self.percentile() {
            Some(percentile) => Some(percentile.calls(place)),
            None => self
                .after
                .setting(place)
                .map(|after| quote_spanned!(mixed=> .after(#runtime::__private::HedgeAfter::Time(#after)))),
        };
        let max = guard::count(place, "max", self.max.as_ref());
        let options = quote_spanned!(mixed=> #after #max);
        let hedge = self.after.site(place, "Hedge", self.name.as_ref(), "after", options);
        let budget = self.budget.as_ref().and_then(|budget| budget.held(place));
        Some(quote_spanned!(mixed=> #hedge #budget))
    }

    /// Output:
    ///
    /// ```text
    /// let (outcome, _) = Hedged::new(hedge_held(), [pin!(None), pin!(None)], |attempt| {
    ///     began(.., attempt);
    ///     async { let outcome = { .. }; (outcome, cause) }
    /// }).await;
    /// ```
    ///
    /// If a circuit above the hedge watches the hedge, the output begins with `let hedge_waits = BodyWaits::new();`.
    ///
    /// Each attempt runs the code of the attributes below, and returns the outcome. The attempt also returns a `Cause`,
    /// which states whether an attribute below rejected the attempt, or the caller's deadline ended the attempt. The
    /// end of the statement `let (outcome, _) = ..;` drops all attempts.
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let runtime = &place.stack.runtime_at;
        let mixed = Span::mixed_site();
        let func = place.func();
        let (bound, source) = self.source(place);
        let declared = place.declared_cause();
        let tail = place.tail(block);
        let cause = place.cause_or_none();
        let places = (0..self.max().unwrap_or(*limits::HEDGE_MAX.end()))
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
            #runtime::__private::Hedged::new(#source, [#(#places),*], #closure)
        };
        let waits = place.body_waits();
        let waits = waits.map(|waits| quote_spanned!(mixed=> let #waits = #runtime::__private::BodyWaits::new();));
        let hedged = place.watched(&hedged);
        let wait = |output: &TokenStream| place.wait(place.stack.at, output, hedged);
        let own_budget = self.budget.as_ref().and_then(|budget| budget.of_function(place));
        Statements::Bind(match declared {
            Some(_) => {
                let wait = wait(&quote_spanned!(mixed=> (outcome, of_attempt)));
                quote_spanned!(mixed=> #own_budget #bound #waits #wait cause = of_attempt;)
            }
            None => {
                let wait = wait(&quote_spanned!(mixed=> (outcome, _)));
                quote_spanned!(mixed=> #own_budget #bound #waits #wait)
            }
        })
    }
}

impl Hedge {
    /// Returns an expression for a runtime value that contains the hedge and the settings of one call. If each call
    /// evaluates the option `after`, also returns the statement that evaluates this option.
    fn source(&self, place: Place<'_>) -> (Option<TokenStream>, TokenStream) {
        let runtime = &place.stack.runtime_at;
        let mixed = Span::mixed_site();
        let hedge = self.after.layer(place);
        let mut bound = None;
        let source = match (&self.after, self.after.evaluated(place)) {
            (_, Some(after)) => {
                let local = format_ident!("{}_after", place.local(), span = mixed);
                bound = Some(place.evaluate(&local, &after));
                quote_spanned!(mixed=> #runtime::__private::Evaluated(#local, #hedge))
            }
            // Without a name, no other attribute can set a percentile for this hedge.
            (After::Time(_), None) if self.name.is_none() => hedge,
            _ => quote_spanned!(mixed=> #runtime::__private::any_hedge(#hedge)),
        };
        let source = match &self.budget {
            Some(_) => {
                let budget = Budget::local(place);
                quote_spanned!(mixed=> #runtime::__private::Budgeted(#source, &#budget))
            }
            None => source,
        };
        (bound, source)
    }

    /// Returns the largest number of attempts of one call. Returns `None` if the macro does not know the number.
    fn max(&self) -> Option<u32> {
        match (&self.after, &self.max) {
            // Another attribute with the same name may set the option `max` to another number.
            _ if self.name.is_some() => None,
            (After::With(_), _) => None,
            (_, Some(max)) => max.literal().copied(),
            (_, None) => Some(limits::HEDGE_MAX_DEFAULT),
        }
    }

    fn percentile(&self) -> Option<&Percentile> {
        match &self.after {
            After::Percentile(percentile) => Some(percentile),
            After::Time(_) | After::With(_) => None,
        }
    }
}
