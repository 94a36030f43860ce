//! Implements `#[bulkhead]`, which limits the number of concurrent calls.

use std::time::Duration;

use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::attribute::{Attribute, Parsed, parsed};
use super::{guard, limits, synonyms};
use crate::emit::layer::{Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Cause, Facts, Runs, Time};
use crate::parse::args::{Args, options};
use crate::parse::constant::{Given, Kind};
use crate::parse::value;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "bulkhead", parse };

options! {
    enum Opt: synonyms::BULKHEAD {
        Max = "max",
        Wait = "wait",
        With = "with",
        Error = "error",
        Crate = "crate",
    }
}

struct Bulkhead {
    span: Span,
    slots: Slots,
    error: Option<TokenStream>,
}

enum Slots {
    /// The options of a bulkhead that belongs to the decorated function alone.
    Own { max: Given<u32>, wait: Given<Duration> },
    /// The expression in the option `with`, for a bulkhead that the user created.
    With(TokenStream),
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    if args.has(Opt::With) {
        let message = "does not go with `with`: the bulkhead that you hold has its own";
        args.refuse(&[Opt::Max, Opt::Wait], message, errors);
    } else {
        args.require(Opt::Max, "`#[bulkhead]` needs a limit: write `#[bulkhead(max = ..)]`", errors);
    }
    let max = args.read(Opt::Max, errors, |key, value| Given::read(key, value, Kind::count(), value::count));
    let wait = args.read(Opt::Wait, errors, |key, value| Given::read(key, value, Kind::Time, value::duration));
    let wait = wait.unwrap_or(Given::Literal(limits::BULKHEAD_WAIT));
    let with = args.read(Opt::With, errors, value::expression);
    let slots = with.map(Slots::With).or(max.map(|max| Slots::Own { max, wait }));
    let error = args.read(Opt::Error, errors, value::function);
    parsed(slots.map(|slots| Bulkhead { span, slots, error }), args.read(Opt::Crate, errors, value::path))
}

impl Bulkhead {
    fn waits(&self) -> bool {
        !matches!(&self.slots, Slots::Own { wait: Given::Literal(wait), .. } if wait.is_zero())
    }
}

impl Layer for Bulkhead {
    fn facts(&self) -> Facts {
        let (time, expression, constants) = match &self.slots {
            Slots::Own { max, wait } => (
                wait.literal().map_or(Time::Unknown, |wait| Time::After(*wait)),
                wait.expression(),
                max.constant().into_iter().cloned().collect(),
            ),
            Slots::With(_) => (Time::Unknown, None, Vec::new()),
        };
        Facts {
            expressions: expression.into_iter().collect(),
            constants,
            is_shared: true,
            waits: self.waits(),
            rejection: self.error.clone(),
            ..Facts::new(ATTRIBUTE.name, self.span, Runs::Once, Some(Cause::Limit), &[], time)
        }
    }

    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        let mixed = Span::mixed_site();
        let local = place.local();
        Some(match &self.slots {
            Slots::With(with) => guard::owned(place, "Bulkhead", &local, with),
            Slots::Own { max, wait } => {
                let (func, runtime) = (place.func(), place.runtime());
                let max = max.tokens(runtime, |max| Literal::u32_unsuffixed(*max).into_token_stream());
                let wait = place.setting(wait).unwrap_or_else(|| place.duration(limits::BULKHEAD_WAIT));
                let declaration = quote_spanned!(mixed=> BulkheadDeclaration { func: #func, max: #max, wait: #wait });
                let site = guard::site(place, "Bulkhead", &declaration, false);
                quote_spanned!(mixed=> let #local = #site;)
            }
        })
    }

    /// Output: `let _slot = match bulkhead.get().try_acquire() { .. };`, followed by the statements of the attributes
    /// below.
    ///
    /// Usually, the expansion creates the future of the body before the wait for a permit. In three cases, the
    /// expansion creates the future after the wait:
    ///
    /// - The body may run again.
    /// - A bulkhead above may wait.
    /// - The user's function in the option `error` or `open` uses an argument of the body.
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let mixed = Span::mixed_site();
        let local = place.local();
        let admit = |acquired: &TokenStream| guard::admit(place, Cause::Limit, acquired, self.error.as_ref());
        let slot = if self.waits() {
            let acquired = quote_spanned!(mixed=> acquired);
            let acquire = match &self.slots {
                Slots::Own { wait, .. } if !place.is_fixed(wait) => {
                    let (runtime, wait) = (place.runtime(), place.time(wait));
                    quote_spanned!(mixed=> #runtime::__private::acquire_within(#local.get(), #wait))
                }
                _ => quote_spanned!(mixed=> #local.get().acquire()),
            };
            let wait = place.wait(mixed, &acquired, acquire);
            let admit = admit(&acquired);
            // Puts the wait into a block of its own. The future of the decorated function then does not store the local
            // variable `acquired` while the body runs.
            quote_spanned!(mixed=> { #wait #admit })
        } else {
            admit(&quote_spanned!(mixed=> #local.get().try_acquire()))
        };
        let plan = place.plan();
        if plan.repeats() || !self.waits() || plan.waits_above(place.index) || place.stack.starts_late {
            let inner = place.bound(block);
            return Statements::Bind(quote_spanned!(mixed=> let _slot = #slot; #inner));
        }
        // Creates the `async` block of the body before the wait, because this block owns the arguments. If the
        // expansion created the block after the wait, the future of the decorated function would store the arguments
        // twice.
        let inner = place.bound(&quote_spanned!(mixed=> body.as_mut()));
        Statements::Bind(quote_spanned! {mixed=>
            let _slot;
            let mut body = ::core::pin::pin!(#block);
            _slot = #slot;
            #inner
        })
    }
}
