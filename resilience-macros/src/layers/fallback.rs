//! Implements `#[fallback]`, which replaces an error by a value, or by the outcome of a closure or of another function.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprClosure, Lifetime, LitStr, Result, ReturnType};

use super::attribute::{Attribute, Parsed, parsed};
use super::guard::{self, Declaration};
use super::synonyms;
use crate::emit::layer::{Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Asks, Cause, Facts, Replacement, Runs, Time};
use crate::parse::args::{Args, options};
use crate::parse::constant::{Given, Kind};
use crate::parse::value;
use crate::tokens::{self, braced};

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "fallback", parse };

options! {
    enum Opt: synonyms::FALLBACK {
        (Function) = "fallback",
        Value = "value",
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
    instead: Instead,
    on: On,
    /// Whether the fallback function takes the error as an additional last argument. Default: false.
    with_error: bool,
    clone: Vec<Ident>,
}

/// The source of the outcome that replaces an error.
enum Instead {
    /// The path of a function, which is async if the decorated function is async.
    Path(TokenStream),
    /// A closure that receives the error and returns the outcome.
    Closure(TokenStream),
    /// An expression for the `Ok` value that replaces the error.
    Value(TokenStream),
}

/// The value of the option `on`: the errors that the fallback replaces.
#[derive(Clone, Copy, PartialEq)]
enum On {
    Any,
    Rejected,
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    if !args.has(Opt::Value) {
        let message = "`#[fallback]` needs a function or a value: write `#[fallback(path)]`, `#[fallback(|error| ..)]` or \
                       `#[fallback(value = ..)]`";
        args.require(Opt::Function, message, errors);
    } else if args.has(Opt::Function) {
        args.refuse(&[Opt::Value], "does not go with a path or a closure: write one of them", errors);
    }
    let with_error = args.ident(Opt::WithError);
    let on = args.read(Opt::On, errors, |key, value| {
        let choice = value::choice(key, value, &["any", "rejected"])?;
        Ok([On::Any, On::Rejected][choice])
    });
    let on = on.unwrap_or(On::Any);
    let passes_error = args.read(Opt::WithError, errors, value::flag).unwrap_or(false);
    let function = args.read_code(Opt::Function, errors, function);
    let value = args.read_code(Opt::Value, errors, ok_value).map(Instead::Value);
    let instead = function.or(value);
    let refused = match instead {
        Some(Instead::Closure(_)) => Some("does not go with a closure, which always receives the error: leave it out"),
        Some(Instead::Value(_)) => {
            Some("does not go with `value`, which receives no error: write `#[fallback(|error| ..)]`")
        }
        Some(Instead::Path(_)) | None => None,
    };
    if let (Some(ident), Some(refused)) = (with_error, refused) {
        errors.push(ident.span(), format_args!("`{ident}` {refused}"));
    }
    let name = args.read(Opt::Name, errors, |key, value| Given::read(key, value, Kind::Text, value::name));
    let clone = args.list(Opt::Clone, errors);
    let fallback = instead.map(|instead| Fallback { span, name, instead, on, with_error: passes_error, clone });
    parsed(fallback, args.read(Opt::Crate, errors, value::path))
}

const NO_WAIT: &str = "cannot wait: write the path of an `async fn`";

/// Parses a closure, or the path of a function.
fn function(key: &str, value: &Expr) -> Result<Instead> {
    match value::peel(value) {
        Expr::Path(path) => Ok(Instead::Path(path.to_token_stream())),
        Expr::Closure(closure) => {
            match closure.asyncness.as_ref().map(|is_async| is_async.span).or(awaits(&closure.body)) {
                Some(wait) => Err(Error::new(wait, format_args!("a closure {NO_WAIT}"))),
                None => Ok(Instead::Closure(with_block(closure))),
            }
        }
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be the path of a function, or a closure"))),
    }
}

/// Returns the closure with a block as its body. Without the block, clippy would suggest `function` in place of
/// `|error| function(error)`. In this attribute, however, a path names a function that receives the arguments of the
/// call.
fn with_block(closure: &ExprClosure) -> TokenStream {
    let tokens = closure.to_token_stream();
    if matches!(closure.output, ReturnType::Type(..)) {
        return tokens;
    }
    let body = closure.body.to_token_stream();
    let head = tokens.clone().into_iter().count() - body.clone().into_iter().count();
    let block = braced(body, Span::mixed_site().located_at(closure.body.span()));
    tokens.into_iter().take(head).chain([block]).collect()
}

/// Parses the value of the option `value`.
fn ok_value(key: &str, value: &Expr) -> Result<TokenStream> {
    match (value::peel(value), awaits(value)) {
        (Expr::Closure(_), _) => {
            let message = format!("`{key}` must be the `Ok` value: for a closure, write `#[fallback(|error| ..)]`");
            Err(Error::new_spanned(value, message))
        }
        (_, Some(wait)) => Err(Error::new(wait, format_args!("`{key}` {NO_WAIT}"))),
        (_, None) => Ok(value.to_token_stream()),
    }
}

fn awaits(expr: &Expr) -> Option<Span> {
    tokens::awaits(expr.to_token_stream())
}

impl Layer for Fallback {
    fn facts(&self) -> Facts {
        let (runs, replacement, late) = match &self.instead {
            Instead::Path(_) => (Runs::Again, Replacement::Function, None),
            Instead::Closure(expression) | Instead::Value(expression) => {
                (Runs::Once, Replacement::Expression(expression.clone()), Some(expression.clone()))
            }
        };
        let asks = match self.on {
            On::Any => Asks::Nothing,
            On::Rejected => Asks::Rejected,
        };
        Facts {
            asks,
            replaces: Some(replacement),
            late: late.into_iter().collect(),
            clones: self.clone.clone(),
            constants: self.name.as_ref().and_then(Given::constant).into_iter().cloned().collect(),
            is_shared: true,
            // Uses `Time::Unknown`, because the macro cannot know how long the fallback runs.
            ..Facts::new(ATTRIBUTE.name, self.span, runs, None, Cause::ALL, Time::Unknown)
        }
    }

    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        let name = self.name.as_ref();
        let options = TokenStream::new();
        let declaration = Declaration { layer: "Fallback", name, options, missing: None, evaluated: None };
        Some(guard::shared(place, &held(place), &declaration))
    }

    /// Output for a path:
    ///
    /// ```text
    /// let outcome = 'fallback: { .. outcome };
    /// if false { list_a_consumed_argument_in_clone! { argument } }
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
    ///
    /// If an attribute looks for rejections, the output also observes the call of the function:
    ///
    /// ```text
    /// let (called, changes) = match fall_back(outcome, |_| true, ..) {
    ///     ControlFlow::Continue(_) => {
    ///         let before = Before::now();
    ///         let called = function(arguments);
    ///         (called, before.changes())
    ///     }
    ///     ControlFlow::Break(outcome) => break 'after_fallback outcome,
    /// };
    /// let outcome = Body::<Output>::new().__note_call(called, changes).await;
    /// ```
    ///
    /// A value becomes the closure `|_| Ok(value)`. Output for a closure:
    ///
    /// ```text
    /// let outcome = 'fallback: { .. outcome };
    /// let turned = fall_back(outcome, |_| true, ..);
    /// let outcome = replace(turned, fallback_held, |error| ..);
    /// ```
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let runtime = &place.stack.runtime_at;
        let mixed = Span::mixed_site();
        let (func, error) = (place.func(), place.error());
        let label = place.plan().is_left(place.index).then(|| place.label());
        let label = label.map(|label| quote_spanned!(mixed=> #label:));
        let tail = place.tail(block);
        let wanted = match self.on {
            On::Any => quote_spanned!(mixed=> |_| true),
            On::Rejected => {
                let of_error = quote_spanned!(mixed=> #runtime::__private::Search::of(error).__cause().or_noted());
                quote_spanned!(mixed=> |error| cause.or(|| #of_error).is_rejection())
            }
        };
        let turned = quote_spanned! {place.stack.at=>
            #runtime::__private::fall_back(outcome, #wanted, #func, #error)
        };
        // A subscriber of the event of the fallback may call the circuits above.
        let turned = place.expression_as_body(turned);
        let replaced = match &self.instead {
            Instead::Path(function) => self.called(place, function, &turned),
            Instead::Closure(closure) => replaced(place, closure, &turned),
            Instead::Value(value) => {
                let ok = quote_spanned!(mixed.located_at(value.span())=> |_| ::core::result::Result::Ok(#value));
                self::replaced(place, &ok, &turned)
            }
        };
        let statements = quote_spanned!(mixed=> let outcome = #label { #tail }; #replaced);
        Statements::Bind(match place.clones() {
            Some(clones) => {
                let clones = place.as_body(&clones);
                quote_spanned!(mixed=> let outcome = { #clones #statements outcome };)
            }
            None => statements,
        })
    }
}

impl Fallback {
    /// Returns the statements that call the fallback function with the path `function`, and wait for its outcome.
    fn called(&self, place: Place<'_>, function: &TokenStream, turned: &TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let (held, ran) = (held(place), place.ran());
        let end = Lifetime::new(&format!("'after_{}", place.local()), mixed);
        // Uses the span of the path, so that compile errors about the call of the fallback function point at the path.
        let at = mixed.located_at(function.span());
        let arguments = place.stack.arguments.iter().cloned().map(|mut argument| {
            argument.set_span(argument.span().located_at(at));
            // Passes a second clone if an attribute above reads the argument after the fallback.
            if self.clone.contains(&argument) && place.plan().is_read_above(place.index, &argument.to_string()) {
                return quote_spanned!(at=> ::core::clone::Clone::clone(&#argument));
            }
            argument.into_token_stream()
        });
        let arguments = arguments.chain(self.with_error.then(|| Ident::new("error", at).into_token_stream()));
        let call = quote_spanned!(at=> #function(#(#arguments),*));
        // Without the option `with_error`, drops the error before the wait, so that the future of the decorated
        // function does not store the error.
        let replaced = if self.with_error { quote_spanned!(at=> error) } else { quote_spanned!(mixed=> _) };
        let outcome = quote_spanned!(at=> outcome);
        let (called, call, wait) = if place.stack.blocks {
            let taken = if self.with_error { replaced.clone() } else { quote_spanned!(mixed=> ()) };
            // Names the output type, so that rustc points at the path if the fallback function returns another type.
            let of = place.stack.output.as_ref().map(|output| quote_spanned!(at=> -> #output));
            let body = place.run(&place.noted(&place.watched(&quote_spanned!(at=> || #of { #call }))));
            (taken.clone(), taken, place.wait(at, &outcome, body))
        } else {
            // The fallback function is a part of the call, so the attributes above observe the call of the function, and
            // each poll of its future. The function may run code before it returns its future. Circuits treat this code
            // like a part of the body.
            let future = place.watched(&quote_spanned!(at=> called));
            let called = quote_spanned!(mixed=> called);
            if place.plan().looks_for_rejections() {
                let runtime = place.runtime();
                let changes = Ident::new("changes", mixed);
                let make = place.as_body(&quote_spanned!(mixed=> let called = #call;));
                let call = quote_spanned! {mixed=>
                    {
                        let before = #runtime::__private::Before::now();
                        #make
                        (called, before.changes())
                    }
                };
                let wait = place.wait(at, &outcome, place.noted_call(&future, &changes));
                (quote_spanned!(mixed=> (#called, #changes)), call, wait)
            } else {
                (called, call, place.wait(at, &outcome, future))
            }
        };
        // Uses the span of the decorated function's return type. If this type is wrong, rustc then reports the mistake
        // only once.
        let counted = quote_spanned!(place.stack.at=> #held().count(outcome));
        // Uses the span of the path, so that rustc points at the path if the fallback function returns another type.
        let ended = quote_spanned!(at=> counted);
        let again = place.again(function.span());
        quote_spanned! {mixed=>
            #again
            let outcome = #end: {
                let #called = match #turned {
                    ::core::ops::ControlFlow::Continue(#replaced) => #call,
                    ::core::ops::ControlFlow::Break(outcome) => break #end outcome,
                };
                #ran
                #wait
                let counted = #counted;
                #ended
            };
        }
    }
}

/// Returns the statements that replace an error by the outcome of `closure`. Circuits above treat the closure like a
/// part of the body.
fn replaced(place: Place<'_>, closure: &TokenStream, turned: &TokenStream) -> TokenStream {
    let (runtime, mixed) = (place.runtime(), Span::mixed_site());
    let held = held(place);
    let (entered, left) = (place.entered(), place.left());
    let turned = if entered.is_empty() {
        turned.clone()
    } else {
        quote_spanned! {mixed=>
            match #turned {
                ::core::ops::ControlFlow::Continue(error) => {
                    #entered
                    ::core::ops::ControlFlow::Continue(error)
                }
                turned => turned,
            }
        }
    };
    let ran = place.ran();
    let counts = if left.is_empty() && ran.is_none() {
        held.into_token_stream()
    } else {
        // The runtime calls this closure after the closure of the user.
        quote_spanned!(mixed=> || { #left #ran #held() })
    };
    // Uses the span of the closure, so that rustc points at the closure if the closure has a wrong type.
    let replace = quote_spanned! {mixed.located_at(closure.span())=>
        #runtime::__private::replace(turned, #counts, #closure)
    };
    quote_spanned!(mixed=> let turned = #turned; let outcome = #replace;)
}

/// Returns the name of a local variable. The variable contains a closure that returns the counts of the attribute.
fn held(place: Place<'_>) -> Ident {
    format_ident!("{}_held", place.local(), span = Span::mixed_site())
}
