//! Implements `#[bulkhead]`, which limits the number of concurrent calls.

use std::time::Duration;

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote_spanned;

use super::attribute::{Attribute, Parsed, parsed};
use super::{guard, limits, synonyms};
use crate::emit::layer::{Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Cause, Facts, Runs, Time};
use crate::parse::args::{Args, options};
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
    Own { max: u32, wait: Duration },
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
    let max = args.read(Opt::Max, errors, value::count);
    let wait = args.read(Opt::Wait, errors, value::duration).unwrap_or(limits::BULKHEAD_WAIT);
    let with = args.read(Opt::With, errors, value::expression);
    let slots = with.map(Slots::With).or(max.map(|max| Slots::Own { max, wait }));
    let error = args.read(Opt::Error, errors, value::function);
    parsed(slots.map(|slots| Bulkhead { span, slots, error }), args.read(Opt::Crate, errors, value::path))
}

impl Bulkhead {
    fn waits(&self) -> bool {
        !matches!(self.slots, Slots::Own { wait, .. } if wait.is_zero())
    }
}

impl Layer for Bulkhead {
    fn facts(&self) -> Facts {
        let time = match self.slots {
            Slots::Own { wait, .. } => Time::After(wait),
            Slots::With(_) => Time::Unknown,
        };
        Facts {
            waits: self.waits(),
            rejection: self.error.clone(),
            ..Facts::new(ATTRIBUTE.name, self.span, Runs::Once, Some(Cause::Limit), &[], time)
        }
    }

    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        let mixed = Span::mixed_site();
        let local = place.local();
        Some(match &self.slots {
            Slots::With(with) => guard::owned(place, "Bulkhead", with),
            Slots::Own { max, wait } => {
                let (func, max, wait) = (place.func(), Literal::u32_unsuffixed(*max), place.duration(*wait));
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
    /// - A function of the user, such as `error`, makes the error of a rejection from an argument of the body.
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let mixed = Span::mixed_site();
        let local = place.local();
        let admit = |acquired: &TokenStream| guard::admit(place, Cause::Limit, acquired, self.error.as_ref());
        let slot = if self.waits() {
            let acquired = quote_spanned!(mixed=> acquired);
            let wait = place.wait(mixed, &acquired, quote_spanned!(mixed=> #local.get().acquire()));
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
