//! Layers to tokens.
//!
//! The signature stays; the body becomes inline statements around one `async` block that holds what the user wrote.
//! Every token that is made here is hygienic; only where an error should point to the user's code does it carry that
//! span.

use std::time::Duration;

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Lifetime, Path};

use crate::capture::{Captures, capture, nameable};
use crate::circuit::Circuit;
use crate::error::Errors;
use crate::item::Function;
use crate::retry::Retry;
use crate::stack::{EXPANDED, Layer, Stack};

/// Input: `async fn f(args) -> Output { body }` with `#[retry] #[circuit]`, outermost first.
///
/// Output, without paths and spans:
///
/// ```text
/// async fn f(args) -> Output {
///     let circuit = { static CIRCUIT: CallSite = ..; declare!(CIRCUIT); &CIRCUIT };
///     let mut retry = Retry::new(..);
///     loop {
///         let delay = {
///             let mut permit = match circuit.acquire() {
///                 Ok(permit) => permit,
///                 Err(open) => return rejected(open),
///             };
///             let outcome = watch(&mut permit, async { body }).await;
///             settle(permit, &outcome, ..);
///             match retry.next(&outcome, .., &[circuit]) {
///                 Some(delay) => delay,
///                 None => break outcome,
///             }
///         };
///         if !delay.is_zero() {
///             sleep(delay).await;
///         }
///     }
/// }
/// ```
///
/// What `acquire` returns is gone before the body runs, so that the future need not hold it; the outcome is gone before
/// the sleep, so that it need not be `Send`. There is one `async` block whatever the layers, because a second one would
/// hold the arguments a second time; a circuit that rejects below another one breaks out of a labelled block.
///
/// None, if there is no function to put the layers around.
pub(crate) fn expand(function: &Function, stack: &Stack, errors: &mut Errors) -> Option<TokenStream> {
    let (body, braces) = function.body.as_ref()?;
    let output = function.output()?;
    let mixed = Span::mixed_site();

    let mut sig = function.sig.clone();
    let clone: Vec<_> = stack.layers.iter().flat_map(Layer::clones).cloned().collect();
    let repeats = stack.layers.iter().any(|layer| matches!(layer, Layer::Retry(_)));
    let captures = if repeats { capture(&mut sig, body, &clone, errors) } else { Captures::default() };
    if !errors.is_empty() {
        return None;
    }

    let expansion = Expansion {
        runtime: &stack.runtime,
        runtime_at: located(&stack.runtime, mixed.located_at(output.span())),
        func: &sig.ident,
        captures: &captures,
        repeats,
        at: mixed.located_at(output.span()),
        layers: number(&stack.layers),
    };
    let sites = expansion.sites();
    let block = expansion.block(body, *braces, &nameable(output));
    let layers = expansion.tail(0, &block);
    let rebound = &captures.rebound;
    let absorbed = stack.absorbed.iter().map(|path| quote_spanned!(mixed=> #[#path(__absorbed)] const _: () = ();));
    let marker = expansion.marker(function);
    let within = quote_spanned!(mixed=> #marker #(#absorbed)* #rebound #(#sites)* #layers);
    Some(
        Function { attrs: function.attrs.clone(), vis: function.vis.clone(), sig, body: Some((within, *braces)) }
            .into_token_stream(),
    )
}

impl Layer {
    fn clones(&self) -> &[Ident] {
        match self {
            Self::Retry(retry) => &retry.clone,
            Self::Circuit(_) => &[],
        }
    }
}

/// A layer and the names of the locals that stand for it; hygienic, and therefore nobody else's.
struct Named<'a> {
    layer: &'a Layer,
    /// `circuit` or `retry`, `circuit2` and so on.
    local: Ident,
    /// Of a circuit: `permit`, `permit2` and so on.
    permit: Ident,
}

impl Named<'_> {
    fn is_circuit(&self) -> bool {
        matches!(self.layer, Layer::Circuit(_))
    }
}

fn number(layers: &[Layer]) -> Vec<Named<'_>> {
    let (mut circuits, mut retries) = (0, 0);
    layers
        .iter()
        .map(|layer| {
            let (name, count) = match layer {
                Layer::Circuit(_) => ("circuit", &mut circuits),
                Layer::Retry(_) => ("retry", &mut retries),
            };
            *count += 1;
            let number = if *count == 1 { String::new() } else { count.to_string() };
            let named = |name| format_ident!("{name}{number}", span = Span::mixed_site());
            Named { layer, local: named(name), permit: named("permit") }
        })
        .collect()
}

struct Expansion<'a> {
    runtime: &'a Path,
    /// The runtime, in places where an error is about the return type.
    runtime_at: TokenStream,
    func: &'a Ident,
    captures: &'a Captures,
    /// The body may run more than once.
    repeats: bool,
    /// Where an error about the return type points.
    at: Span,
    layers: Vec<Named<'a>>,
}

impl Expansion<'_> {
    /// The call sites of all circuits, before the first layer, since retries ask those below them.
    fn sites(&self) -> impl Iterator<Item = TokenStream> {
        let site = |named: &Named<'_>| match named.layer {
            Layer::Circuit(circuit) => Some(self.site(circuit, &named.local)),
            Layer::Retry(_) => None,
        };
        self.layers.iter().filter_map(site)
    }

    fn site(&self, circuit: &Circuit, local: &Ident) -> TokenStream {
        let runtime = self.runtime;
        let Circuit { name, threshold, cooldown, half_open_max, trial_timeout, .. } = circuit;
        let options = [
            threshold.map(|count| option("threshold", Literal::u32_unsuffixed(count))),
            cooldown.map(|time| option("cooldown", self.duration(time))),
            half_open_max.map(|count| option("half_open_max", Literal::u32_unsuffixed(count))),
            trial_timeout.map(|time| option("trial_timeout", self.duration(time))),
        ]
        .into_iter()
        .flatten();
        // In a block of its own: an item is not hygienic, and must not hide one of the user's.
        quote_spanned! {Span::mixed_site()=>
            let #local = {
                static CIRCUIT: #runtime::__private::CallSite = #runtime::__private::CallSite::new(
                    #runtime::__private::Declaration::new(#name) #(#options)*
                );
                #runtime::__private::declare!(CIRCUIT);
                &CIRCUIT
            };
        }
    }

    /// The state of a retry, made anew whenever its loop begins.
    fn state(&self, retry: &Retry, local: &Ident) -> TokenStream {
        let runtime = self.runtime;
        let func = self.func.to_string();
        let func = func.trim_start_matches("r#");
        let max = Literal::u32_unsuffixed(retry.max);
        let delay = self.duration(retry.delay);
        let backoff = Literal::f64_unsuffixed(retry.backoff);
        quote_spanned! {Span::mixed_site()=>
            let mut #local = #runtime::__private::Retry::new(
                const { &#runtime::__private::Plan::new(#func, #max, #delay, #backoff) }
            );
        }
    }

    fn duration(&self, duration: Duration) -> TokenStream {
        let runtime = self.runtime;
        let seconds = Literal::u64_unsuffixed(duration.as_secs());
        let nanos = Literal::u32_unsuffixed(duration.subsec_nanos());
        quote_spanned!(Span::mixed_site()=> #runtime::__private::Duration::new(#seconds, #nanos))
    }

    /// The `async` block around what the user wrote.
    ///
    /// It begins with dead code that tells the compiler its type, so that `?`, coercions and errors are those of the
    /// bare function, and how it captures the arguments.
    fn block(&self, body: &TokenStream, braces: Span, output: &TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let runtime = &self.runtime_at;
        let returned = quote_spanned!(self.at=> return #runtime::__private::never::<#output>(););
        let borrows = &self.captures.borrows;
        let borrows = (!borrows.is_empty()).then(|| quote_spanned!(mixed=> let _ = (#(#borrows,)*);));
        let within = quote_spanned!(mixed=> if false { #borrows #returned } #body);
        // Not the user's own span: rustc would find these braces unused.
        let mut group = Group::new(Delimiter::Brace, within);
        group.set_span(mixed.located_at(braces));
        let group = TokenTree::Group(group);
        // A body that runs once may consume its arguments and return borrows of them.
        let capture = (!self.repeats).then(|| quote_spanned!(mixed=> move));
        quote_spanned!(mixed=> async #capture #group)
    }

    /// The layers from `index` on around `block`, as the end of a block of statements.
    fn tail(&self, index: usize, block: &TokenStream) -> TokenStream {
        if let Some(Named { layer: Layer::Retry(retry), local, .. }) = self.layers.get(index) {
            let state = self.state(retry, local);
            let attempts = self.retry(index, retry, local, block);
            return quote_spanned!(Span::mixed_site()=> #state #attempts);
        }
        let bound = self.bound(index, block);
        quote_spanned!(Span::mixed_site()=> #bound outcome)
    }

    /// The layers from `index` on around `block`, as statements that bind `outcome`.
    fn bound(&self, index: usize, block: &TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        match self.layers.get(index) {
            None => {
                let body = self.watched(block);
                quote_spanned!(mixed=> let outcome = #body.await;)
            }
            Some(Named { layer: Layer::Circuit(circuit), local, permit }) => {
                self.circuit(index, circuit, local, permit, block)
            }
            Some(Named { layer: Layer::Retry(retry), local, .. }) => {
                let state = self.state(retry, local);
                let attempts = self.retry(index, retry, local, block);
                quote_spanned!(mixed=> #state let outcome = #attempts;)
            }
        }
    }

    /// The body, with the permits marked while it is polled. Only a panic of the body itself is a failure.
    fn watched(&self, block: &TokenStream) -> TokenStream {
        let runtime = self.runtime;
        let circuits = self.layers.iter().filter(|named| named.is_circuit());
        circuits.rfold(block.clone(), |body, Named { permit, .. }| {
            quote_spanned!(Span::mixed_site()=> #runtime::__private::watch(&mut #permit, #body))
        })
    }

    fn circuit(
        &self,
        index: usize,
        circuit: &Circuit,
        local: &Ident,
        permit: &Ident,
        block: &TokenStream,
    ) -> TokenStream {
        let runtime = &self.runtime_at;
        let mixed = Span::mixed_site();
        let (above, below) = (&self.layers[..index], &self.layers[index + 1..]);
        let body = if below.iter().any(Named::is_circuit) {
            let label = label(local);
            let tail = self.tail(index + 1, block);
            quote_spanned!(mixed=> let outcome = #label: { #tail };)
        } else {
            self.bound(index + 1, block)
        };
        let error = self.error();
        let settle = match &circuit.failure_if {
            Some(failure_if) => {
                quote_spanned!(self.at=> #runtime::__private::settle_if(#permit, &outcome, #error, #failure_if))
            }
            None => quote_spanned!(self.at=> #runtime::__private::settle(#permit, &outcome, #error)),
        };
        let rejected = match &circuit.open {
            Some(open) => quote_spanned!(self.at=> #runtime::__private::rejected_with(open, #open)),
            None => quote_spanned!(self.at=> #runtime::__private::rejected(open)),
        };
        let leave = match above.iter().rposition(Named::is_circuit) {
            None => quote_spanned!(mixed=> ::core::result::Result::Err(open) => return #rejected,),
            // The circuit above takes the rejection as the outcome of its call; retries above it have to be told.
            Some(enclosing) => {
                let label = label(&above[enclosing].local);
                let stops = above[..enclosing]
                    .iter()
                    .filter(|above| !above.is_circuit())
                    .map(|Named { local, .. }| quote_spanned!(mixed=> #local.stop();));
                // By way of a local: syn takes `break 'label ::path` for a labelled loop.
                quote_spanned! {mixed=>
                    ::core::result::Result::Err(open) => {
                        #(#stops)*
                        let outcome = #rejected;
                        break #label outcome;
                    }
                }
            }
        };
        quote_spanned! {mixed=>
            let mut #permit = match #local.acquire() {
                ::core::result::Result::Ok(permit) => permit,
                #leave
            };
            #body
            #settle;
        }
    }

    fn retry(&self, index: usize, retry: &Retry, local: &Ident, block: &TokenStream) -> TokenStream {
        let runtime = &self.runtime_at;
        let mixed = Span::mixed_site();
        let inner = self.bound(index + 1, block);
        let clones = (!retry.clone.is_empty()).then_some(&self.captures.clones);
        let error = self.error();
        let below = self.layers[index + 1..].iter().filter(|below| below.is_circuit()).map(|below| &below.local);
        let below = quote_spanned!(mixed=> &[#(#below),*]);
        let next = match &retry.retry_if {
            Some(retry_if) => quote_spanned!(self.at=> #local.next_if(&outcome, #error, #below, #retry_if)),
            None => quote_spanned!(self.at=> #local.next(&outcome, #error, #below)),
        };
        quote_spanned! {mixed=>
            loop {
                let delay = {
                    #clones
                    #inner
                    match #next {
                        ::core::option::Option::Some(delay) => delay,
                        ::core::option::Option::None => break outcome,
                    }
                };
                if !delay.is_zero() {
                    #runtime::__private::sleep(delay).await;
                }
            }
        }
    }

    /// The text of the error, where its type shows one.
    fn error(&self) -> TokenStream {
        let runtime = self.runtime;
        quote_spanned!(Span::mixed_site()=> #runtime::__private::Shown::of(&outcome).error())
    }

    /// Tells an attribute of ours that we did not recognise and that expands next that it stands in the wrong place.
    fn marker(&self, function: &Function) -> Option<TokenStream> {
        const HARMLESS: [&str; 8] = ["doc", "allow", "expect", "warn", "deny", "inline", "must_use", "deprecated"];
        let runtime = self.runtime;
        let marker = format_ident!("{EXPANDED}", span = Span::mixed_site());
        let foreign = function.attrs.iter().any(|attr| !HARMLESS.iter().any(|harmless| attr.path().is_ident(harmless)));
        foreign.then(|| quote_spanned!(Span::mixed_site()=> const _: () = #runtime::__private::#marker;))
    }
}

/// The path as it was written, and shown at `at` in errors.
fn located(path: &Path, at: Span) -> TokenStream {
    let tokens = path.to_token_stream().into_iter().map(|mut token| {
        token.set_span(token.span().located_at(at));
        token
    });
    tokens.collect()
}

fn label(local: &Ident) -> Lifetime {
    Lifetime::new(&format!("'{local}"), local.span())
}

fn option(name: &str, value: impl ToTokens) -> TokenStream {
    let name = Ident::new(name, Span::mixed_site());
    quote_spanned!(Span::mixed_site()=> .#name(#value))
}
