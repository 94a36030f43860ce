//! Implements `#[timeout]`, which ends a call that takes too long.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{Lifetime, LitStr};

use super::after::After;
use super::attribute::{Attribute, Parsed, parsed};
use super::synonyms;
use crate::emit::layer::{Interrupt, Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Facts, Runs, Time};
use crate::parse::args::{Args, options};
use crate::parse::constant::Given;
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
    let (after, name) = After::read(&mut args, [Opt::After, Opt::With, Opt::Name], span, errors);
    let error = args.read(Opt::Error, errors, value::function);
    let timeout = after.map(|(after, span)| Timeout { name, after, span, error });
    parsed(timeout, args.read(Opt::Crate, errors, value::path))
}

const NEEDS_ASYNC: &str = "a timeout cannot stop a function that is not async: in an `async fn`, await \
                           `spawn_blocking(move || ..)`, and hold a slot of `Bulkhead::acquire_owned` in the closure, which \
                           runs on after the timeout";

impl Layer for Timeout {
    fn facts(&self) -> Facts {
        Facts {
            late: self.error.iter().cloned().collect(),
            constants: self.name.as_ref().and_then(Given::constant).into_iter().cloned().collect(),
            is_shared: true,
            expressions: self.after.expression().into_iter().collect(),
            needs_async: Some(NEEDS_ASYNC),
            ..Facts::new(ATTRIBUTE.name, self.span, Runs::Once, None, &[], Time::AtMost(self.after.literal()))
        }
    }

    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        let time = self.after.setting(place).map(|time| quote_spanned!(Span::mixed_site()=> .timeout(#time)));
        Some(self.after.site(place, "Timeout", self.name.as_ref(), "timeout", time.unwrap_or_default()))
    }

    /// Output:
    ///
    /// ```text
    /// let mut timeout_by_deadline = false;
    /// let timeout_allowed = allowed(after, &mut timeout_by_deadline);
    /// let mut timeout = pin!(Timer::new(timeout_allowed));
    /// let outcome = 'timeout: {
    ///     'timeout_expired: {
    ///         ..
    ///         break 'timeout outcome;
    ///     }
    ///     let error = timed_out(..);
    ///     let outcome = rejected(error);
    ///     forget_error();
    ///     outcome
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
        let timeout = self.after.layer(place);
        let (bound, after) = match self.after.evaluated(place) {
            Some(after) => {
                let local = format_ident!("{local}_after", span = mixed);
                (Some(place.evaluate(&local, &after)), local.into_token_stream())
            }
            None => (None, quote_spanned!(mixed=> #timeout.after())),
        };
        let allowed = format_ident!("{local}_allowed", span = mixed);
        // Decides at the start of the call whether the caller's deadline is earlier than the timeout, because the
        // timeout may change while the call runs.
        let by_deadline = format_ident!("{local}_by_deadline", span = mixed);
        let inner = place.bound(block);
        let starts = (place.index + 1 < place.plan().len())
            .then(|| quote_spanned!(mixed=> if #allowed.is_zero() { break #expired; }));
        let late = place.late();
        let rejected = place.rejected(&Ident::new("error", mixed), self.error.as_ref());
        let ended = quote_spanned! {mixed=>
            let error = #runtime::__private::timed_out(#timeout, #func, #allowed, #by_deadline);
            #late
            let outcome = #rejected;
            #runtime::__private::forget_error();
        };
        let ended = place.as_body(&ended);
        Statements::Bind(quote_spanned! {mixed=>
            #bound
            let mut #by_deadline = false;
            let #allowed = #runtime::__private::allowed(#after, &mut #by_deadline);
            let mut #local = ::core::pin::pin!(#runtime::__private::Timer::new(#allowed));
            let outcome = #label: {
                #expired: {
                    #starts
                    #inner
                    break #label outcome;
                }
                #ended
                outcome
            };
        })
    }

    /// Returns the timer of the call, and the label of the block that the call leaves when the timer expires. Leaving
    /// this block drops the local variables of the attributes below.
    fn interrupt(&self, place: Place<'_>) -> Option<Interrupt> {
        let local = place.local();
        let timer = quote_spanned!(Span::mixed_site()=> #local.as_mut());
        Some(Interrupt { timer, expired: expired(place) })
    }
}

/// Returns the label of the block that a call leaves when the timeout ends the call.
fn expired(place: Place<'_>) -> Lifetime {
    Lifetime::new(&format!("'{}_expired", place.local()), Span::mixed_site())
}
