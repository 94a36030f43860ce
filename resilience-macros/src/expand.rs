//! Layers to tokens.
//!
//! The signature stays; the body becomes inline statements around one `async` block that holds what the user wrote.
//! Every token that is made here is hygienic; only where an error should point to the user's code does it carry that
//! span.

use std::time::Duration;

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::Path;
use syn::spanned::Spanned;

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
///             let outcome = match circuit.acquire() {
///                 Ok(mut permit) => {
///                     let outcome = watch(&mut permit, async { body }).await;
///                     settle(permit, &outcome, ..);
///                     outcome
///                 }
///                 Err(open) => { retry.stop(); rejected(open) }
///             };
///             match retry.next(&outcome, .., &[circuit]) {
///                 Some(delay) => delay,
///                 None => break outcome,
///             }
///         };
///         if !delay.is_zero() { sleep(delay).await; }
///     }
/// }
/// ```
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
        func: &sig.ident,
        captures: &captures,
        repeats,
        at: mixed.located_at(output.span()),
        layers: number(&stack.layers),
    };
    let sites = expansion.layers.iter().map(|layer| expansion.site(layer));
    let block = expansion.block(body, *braces, &nameable(output));
    let layers = expansion.layers(0, block);
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

/// A layer and the name of the local that stands for it.
struct Named<'a> {
    layer: &'a Layer,
    local: Ident,
}

/// `circuit`, `circuit2` and so on; hygienic, and therefore nobody else's.
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
            let local = if *count == 1 { name.to_owned() } else { format!("{name}{count}") };
            Named { layer, local: Ident::new(&local, Span::mixed_site()) }
        })
        .collect()
}

struct Expansion<'a> {
    runtime: &'a Path,
    func: &'a Ident,
    captures: &'a Captures,
    /// The body may run more than once.
    repeats: bool,
    /// Where an error about the return type points.
    at: Span,
    layers: Vec<Named<'a>>,
}

impl Expansion<'_> {
    /// What has to be there before the first layer: the breaker's call site, or the state of a retry.
    fn site(&self, Named { layer, local }: &Named<'_>) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        match layer {
            Layer::Circuit(circuit) => {
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
                quote_spanned! {mixed=>
                    let #local = {
                        static CIRCUIT: #runtime::__private::CallSite = #runtime::__private::CallSite::new(
                            #runtime::__private::Declaration::new(#name) #(#options)*
                        );
                        #runtime::__private::declare!(CIRCUIT);
                        &CIRCUIT
                    };
                }
            }
            Layer::Retry(Retry { max, delay, backoff, .. }) => {
                let func = self.func.to_string();
                let func = func.trim_start_matches("r#");
                let max = Literal::u32_unsuffixed(*max);
                let delay = self.duration(*delay);
                let backoff = Literal::f64_unsuffixed(*backoff);
                quote_spanned! {mixed=>
                    let mut #local = #runtime::__private::Retry::new(
                        const { &#runtime::__private::Plan::new(#func, #max, #delay, #backoff) }
                    );
                }
            }
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
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        let returned = quote_spanned!(self.at=> return #runtime::__private::never::<#output>(););
        let borrows = &self.captures.borrows;
        let borrows = (!borrows.is_empty()).then(|| quote_spanned!(mixed=> let _ = (#(#borrows,)*);));
        let within = quote_spanned!(mixed=> if false { #borrows #returned } #body);
        // Not the user's own span: rustc would find these braces unused.
        let mut group = Group::new(Delimiter::Brace, within);
        group.set_span(mixed.located_at(braces));
        let group = TokenTree::Group(group);
        self.async_block(&group)
    }

    fn async_block(&self, group: &impl ToTokens) -> TokenStream {
        // A body that runs once may consume its arguments and return borrows of them.
        let capture = (!self.repeats).then(|| quote_spanned!(Span::mixed_site()=> move));
        quote_spanned!(Span::mixed_site()=> async #capture #group)
    }

    /// The expression of the layers from `index` on, around `block`.
    fn layers(&self, index: usize, block: TokenStream) -> TokenStream {
        match self.layers.get(index) {
            None => quote_spanned!(Span::mixed_site()=> #block.await),
            Some(Named { layer: Layer::Circuit(circuit), local }) => self.circuit(index, circuit, local, block),
            Some(Named { layer: Layer::Retry(retry), local }) => self.retry(index, retry, local, block),
        }
    }

    fn circuit(&self, index: usize, circuit: &Circuit, local: &Ident, block: TokenStream) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        let body = if index + 1 == self.layers.len() {
            block
        } else {
            let inner = self.layers(index + 1, block);
            self.async_block(&quote_spanned!(mixed=> { #inner }))
        };
        let error = self.error();
        let settle = match &circuit.failure_if {
            Some(failure_if) => {
                quote_spanned!(self.at=> #runtime::__private::settle_if(permit, &outcome, #error, #failure_if))
            }
            None => quote_spanned!(self.at=> #runtime::__private::settle(permit, &outcome, #error)),
        };
        let rejected = match &circuit.open {
            Some(open) => quote_spanned!(self.at=> #runtime::__private::rejected_with(open, #open)),
            None => quote_spanned!(self.at=> #runtime::__private::rejected(open)),
        };
        let stops = self.layers[..index]
            .iter()
            .filter(|above| matches!(above.layer, Layer::Retry(_)))
            .map(|Named { local, .. }| quote_spanned!(mixed=> #local.stop();));
        quote_spanned! {mixed=>
            match #local.acquire() {
                ::core::result::Result::Ok(mut permit) => {
                    let outcome = #runtime::__private::watch(&mut permit, #body).await;
                    #settle;
                    outcome
                }
                ::core::result::Result::Err(open) => {
                    #(#stops)*
                    #rejected
                }
            }
        }
    }

    fn retry(&self, index: usize, retry: &Retry, local: &Ident, block: TokenStream) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        let inner = self.layers(index + 1, block);
        let clones = (!retry.clone.is_empty()).then_some(&self.captures.clones);
        let error = self.error();
        let below = self.layers[index + 1..]
            .iter()
            .filter(|below| matches!(below.layer, Layer::Circuit(_)))
            .map(|below| &below.local);
        let below = quote_spanned!(mixed=> &[#(#below),*]);
        let next = match &retry.retry_if {
            Some(retry_if) => quote_spanned!(self.at=> #local.next_if(&outcome, #error, #below, #retry_if)),
            None => quote_spanned!(self.at=> #local.next(&outcome, #error, #below)),
        };
        quote_spanned! {mixed=>
            loop {
                let delay = {
                    #clones
                    let outcome = #inner;
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

fn option(name: &str, value: impl ToTokens) -> TokenStream {
    let name = Ident::new(name, Span::mixed_site());
    quote_spanned!(Span::mixed_site()=> .#name(#value))
}
