//! Implements `#[fallback]`, which replaces an error by the outcome of another function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Lifetime, LitStr};

use super::attribute::{Attribute, Parsed, parsed};
use super::guard::{self, Declaration};
use super::synonyms;
use crate::emit::layer::{Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Asks, Cause, Facts, Runs, Time};
use crate::parse::args::{Args, options};
use crate::parse::constant::{Given, Kind};
use crate::parse::value;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "fallback", parse };

options! {
    enum Opt: synonyms::FALLBACK {
        (Function) = "fallback",
        Name = "name",
        On = "on",
        WithError = "with_error",
        Clone = "clone",
        Crate = "crate",
    }
}

struct Fallback {
    span: Span,
    name: Option<Given<LitStr>>,
    function: TokenStream,
    on: On,
    /// Whether the fallback function takes the error as an additional last argument. Default: false.
    with_error: bool,
    clone: Vec<Ident>,
}

/// The value of the option `on`: the errors that the fallback replaces.
#[derive(Clone, Copy, PartialEq)]
enum On {
    Any,
    Rejected,
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    args.require(Opt::Function, "`#[fallback]` needs a function: write `#[fallback(path)]`", errors);
    let on = args.read(Opt::On, errors, |key, value| {
        let choice = value::choice(key, value, &["any", "rejected"])?;
        Ok([On::Any, On::Rejected][choice])
    });
    let on = on.unwrap_or(On::Any);
    let with_error = args.read(Opt::WithError, errors, value::flag).unwrap_or(false);
    let function = args.read(Opt::Function, errors, value::function_path);
    let name = args.read(Opt::Name, errors, |key, value| Given::read(key, value, Kind::Text, value::name));
    let clone = args.list(Opt::Clone, errors);
    let fallback = function.map(|function| Fallback { span, name, function, on, with_error, clone });
    parsed(fallback, args.read(Opt::Crate, errors, value::path))
}

impl Layer for Fallback {
    fn facts(&self) -> Facts {
        // Uses `Time::Unknown`, because the macro cannot know how long the fallback function runs.
        let facts = Facts::new(ATTRIBUTE.name, self.span, Runs::Again, None, Cause::ALL, Time::Unknown);
        let asks = match self.on {
            On::Any => Asks::Nothing,
            On::Rejected => Asks::Rejected,
        };
        Facts {
            asks,
            replaces: true,
            clones: self.clone.clone(),
            constants: self.name.as_ref().and_then(Given::constant).into_iter().cloned().collect(),
            is_shared: true,
            ..facts
        }
    }

    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        let name = self.name.as_ref();
        let options = TokenStream::new();
        let declaration = Declaration { layer: "Fallback", name, options, missing: None, is_evaluated: false };
        Some(guard::shared(place, &held(place), &declaration))
    }

    /// Output:
    ///
    /// ```text
    /// let outcome = 'fallback: { .. outcome };
    /// let outcome = 'after_fallback: {
    ///     let called = match fall_back(outcome, |_| true, ..) {
    ///         ControlFlow::Continue(_) => function(arguments),
    ///         ControlFlow::Break(outcome) => break 'after_fallback outcome,
    ///     };
    ///     let outcome = called.await;
    ///     let counted = fallback_held().count(outcome);
    ///     counted
    /// };
    /// ```
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let Self { function, on, with_error, .. } = self;
        let held = held(place);
        let runtime = &place.stack.runtime_at;
        let mixed = Span::mixed_site();
        let (func, error, ran) = (place.func(), place.error(), place.ran());
        let label = place.plan().is_left(place.index).then(|| place.label());
        let label = label.map(|label| quote_spanned!(mixed=> #label:));
        let end = Lifetime::new(&format!("'after_{}", place.local()), mixed);
        let tail = place.tail(block);
        let wanted = match on {
            On::Any => quote_spanned!(mixed=> |_| true),
            On::Rejected => {
                let of_error = quote_spanned!(mixed=> #runtime::__private::Search::of(error).__cause().or_noted());
                quote_spanned!(mixed=> |error| cause.or(|| #of_error).is_rejection())
            }
        };
        // Uses the span of the path in the attribute. Compile errors about the call of the fallback function then point
        // at this path.
        let at = mixed.located_at(function.span());
        let arguments = place.stack.arguments.iter().cloned().map(|mut argument| {
            argument.set_span(argument.span().located_at(at));
            argument
        });
        let arguments = arguments.chain(with_error.then(|| Ident::new("error", at)));
        let call = quote_spanned!(at=> #function(#(#arguments),*));
        // Without the option `with_error`, drops the error before the wait for the fallback function. The future of the
        // decorated function then does not store the error.
        let replaced = if *with_error { quote_spanned!(at=> error) } else { quote_spanned!(mixed=> _) };
        let outcome = quote_spanned!(at=> outcome);
        // Lets the attributes above observe each poll of the fallback function, because the fallback function is a part
        // of the call.
        let wait = place.wait(at, &outcome, place.noted(&place.watched(&quote_spanned!(at=> called))));
        // A fallback function that is not `async` runs code before it returns its future.
        let called = place.as_body(&quote_spanned!(mixed=> let called = #call;));
        let call = match place.permits().next() {
            Some(_) => quote_spanned!(mixed=> { #called called }),
            None => call,
        };
        let turned = quote_spanned! {place.stack.at=>
            #runtime::__private::fall_back(outcome, #wanted, #func, #error)
        };
        // Uses the span of the return type, so that rustc reports a wrong return type once.
        let counted = quote_spanned!(place.stack.at=> #held().count(outcome));
        // Uses the span of the path, so that rustc reports a wrong type of the fallback's result there.
        let ended = quote_spanned!(at=> counted);
        let statements = quote_spanned! {mixed=>
            let outcome = #label { #tail };
            let outcome = #end: {
                let called = match #turned {
                    ::core::ops::ControlFlow::Continue(#replaced) => #call,
                    ::core::ops::ControlFlow::Break(outcome) => break #end outcome,
                };
                #ran
                #wait
                let counted = #counted;
                #ended
            };
        };
        Statements::Bind(match place.clones() {
            Some(clones) => quote_spanned!(mixed=> let outcome = { #clones #statements outcome };),
            None => statements,
        })
    }
}

/// Returns the name of a closure that returns the counts of the attribute.
fn held(place: Place<'_>) -> Ident {
    format_ident!("{}_held", place.local(), span = Span::mixed_site())
}
