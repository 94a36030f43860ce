//! Implements `#[bulkhead]`, which limits the number of concurrent calls.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::LitStr;

use super::attribute::{Attribute, Parsed, parsed};
use super::guard::{self, Declaration};
use super::synonyms;
use crate::emit::layer::{Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Cause, Facts, Runs, Time};
use crate::parse::args::{Args, options};
use crate::parse::constant::{Given, Kind};
use crate::parse::value;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "bulkhead", parse };

options! {
    enum Opt: synonyms::BULKHEAD {
        Name = "name",
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

#[expect(clippy::large_enum_variant, reason = "a function has few attributes")]
enum Slots {
    /// The options of a bulkhead that belongs to the decorated function alone.
    Own { name: Option<Given<LitStr>>, max: Option<Given<u32>>, wait: Option<Given<Duration>> },
    /// The expression in the option `with`, for a bulkhead that the user created.
    With(TokenStream),
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    if args.has(Opt::With) {
        let message = "does not go with `with`: the bulkhead that you hold has its own";
        args.refuse(&[Opt::Name, Opt::Max, Opt::Wait], message, errors);
    } else if !args.has(Opt::Name) {
        args.require(Opt::Max, "`#[bulkhead]` needs a limit: write `#[bulkhead(max = ..)]`", errors);
    }
    let max = args.read(Opt::Max, errors, |key, value| Given::read(key, value, Kind::count(), value::count));
    let wait = args.read(Opt::Wait, errors, |key, value| Given::read(key, value, Kind::Time, value::duration));
    let name = args.read(Opt::Name, errors, |key, value| Given::read(key, value, Kind::Text, value::name));
    let with = args.read(Opt::With, errors, value::expression);
    let slots = with.map(Slots::With).or((max.is_some() || name.is_some()).then_some(Slots::Own { name, max, wait }));
    let error = args.read(Opt::Error, errors, value::function);
    parsed(slots.map(|slots| Bulkhead { span, slots, error }), args.read(Opt::Crate, errors, value::path))
}

impl Bulkhead {
    fn waits(&self) -> bool {
        match &self.slots {
            // Another attribute with this name may set the option.
            Slots::Own { name: None, wait: None, .. } => false,
            Slots::Own { name: None, wait: Some(Given::Literal(wait)), .. } => !wait.is_zero(),
            Slots::Own { .. } | Slots::With(_) => true,
        }
    }
}

impl Layer for Bulkhead {
    fn facts(&self) -> Facts {
        let (time, expression, constants) = match &self.slots {
            Slots::Own { name, max, wait } => {
                let time = match (name, wait) {
                    (None, None) => Time::Same,
                    (_, Some(Given::Literal(wait))) => Time::After(*wait),
                    _ => Time::Unknown,
                };
                let name = name.as_ref().and_then(Given::constant);
                let constants = name.into_iter().chain(max.as_ref().and_then(Given::constant)).cloned().collect();
                (time, wait.as_ref().and_then(Given::expression), constants)
            }
            Slots::With(_) => (Time::Unknown, None, Vec::new()),
        };
        Facts {
            expressions: expression.into_iter().collect(),
            constants,
            name_of_limit: match &self.slots {
                Slots::Own { name, .. } => name.as_ref().map(Given::label),
                Slots::With(_) => None,
            },
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
            Slots::Own { name, max, wait } => {
                let limit = guard::count(place, "max", max.as_ref());
                let wait = wait.as_ref().and_then(|wait| place.setting(wait));
                let wait = wait.map(|wait| quote_spanned!(mixed=> .wait(#wait)));
                let declaration = Declaration {
                    layer: "Bulkhead",
                    name: name.as_ref(),
                    options: quote_spanned!(mixed=> #limit #wait),
                    missing: max.is_none().then_some("max"),
                    is_evaluated: false,
                };
                let site = declaration.site(place);
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
    /// - The user's function in the option `error` uses an argument of the body.
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let mixed = Span::mixed_site();
        let local = place.local();
        let admit = |acquired: &TokenStream| guard::admit(place, Cause::Limit, acquired, self.error.as_ref());
        let slot = if self.waits() {
            let acquired = quote_spanned!(mixed=> acquired);
            let acquire = match &self.slots {
                Slots::Own { wait: Some(wait), .. } if !place.is_fixed(wait) => {
                    let (runtime, wait) = (place.runtime(), place.time(wait));
                    quote_spanned!(mixed=> #runtime::__private::acquire_within(#local.get(), #wait))
                }
                _ => quote_spanned!(mixed=> #local.get().acquire()),
            };
            let wait = place.pause(mixed, &acquired, acquire);
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
