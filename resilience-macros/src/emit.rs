//! Layers to tokens.
//!
//! The signature stays; the body becomes inline statements around one `async` block that holds what the user wrote.
//! Every token that is made here is hygienic; only where an error should point to the user's code does it carry that
//! span.

pub(crate) mod capture;
pub(crate) mod exit;
pub(crate) mod named;
pub(crate) mod types;

use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ExprClosure, FnArg, Lifetime, Pat, Path, Signature};

use self::capture::{Captures, arguments, capture, hold};
use self::types::nameable;
use crate::error::Errors;
use crate::parse::async_trait::hoist;
use crate::parse::function::Function;
use crate::pipeline::{EXPANDED, Layer, Stack};
use crate::tokens::{braced, located, mentions};

use self::named::{Named, number};

/// Input: `async fn f(args) -> Output { body }` with `#[retry] #[circuit]`, outermost first.
///
/// Output, without paths and spans:
///
/// ```text
/// async fn f(args) -> Output {
///     let circuit = { static CIRCUIT: CallSite = ..; declare!(CIRCUIT); &CIRCUIT };
///     let schedule = || const { &Schedule::DEFAULT.. };
///     let mut retry = Attempts::new(schedule());
///     loop {
///         let delay = {
///             let mut permit = match circuit.acquire() {
///                 Ok(permit) => permit,
///                 Err(open) => return rejected(open),
///             };
///             let outcome = retry.watch(watch(&mut permit, async { body })).await;
///             let outcome = settle(permit, outcome, ..);
///             match retry.judge(schedule(), outcome).next(.., &[circuit]) {
///                 ControlFlow::Continue(delay) => delay,
///                 ControlFlow::Break(outcome) => break outcome,
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
    let Function { sig, body: Some((body, braces)), shell, .. } = function else { return None };
    let mixed = Span::mixed_site();
    let at = mixed.located_at(function.output().map_or(sig.output.span(), Spanned::span));

    let mut sig = syn::parse2::<Signature>(sig.to_token_stream()).ok()?;
    let clone: Vec<_> = stack.layers.iter().flat_map(Layer::clones).cloned().collect();
    let has = |kind: fn(&Layer) -> bool| stack.layers.iter().any(kind);
    let hedges = has(|layer| matches!(layer, Layer::Hedge(_)));
    let repeats = hedges || has(|layer| matches!(layer, Layer::Fallback(_) | Layer::Retry(_)));
    let lent = if repeats || shell.is_some() {
        Vec::new()
    } else {
        lent(&sig, body, stack.layers.iter().flat_map(Layer::late))
    };
    let (mut moved, body) = match shell {
        Some(_) if repeats => hoist(body, &sig),
        _ => (Vec::new(), body.clone()),
    };
    let captures = match shell {
        _ if repeats => capture(&mut sig, shell.as_ref(), hedges, &mut moved, &body, &clone, errors),
        None => hold(&mut sig, &body, &lent),
        Some(_) => Captures::default(),
    };
    for name in stack.layers.iter().filter_map(Layer::attempt) {
        let taken = |input: &FnArg| match input {
            FnArg::Typed(input) => mentions(&input.pat.to_token_stream(), &name.to_string()),
            FnArg::Receiver(_) => false,
        };
        if sig.inputs.iter().any(taken) {
            errors.push(name.span(), format_args!("`{name}` is an argument of this function: choose another name"));
        }
    }
    let falls_back = has(|layer| matches!(layer, Layer::Fallback(_)));
    let arguments = if falls_back { arguments(&sig, &mut moved, errors) } else { Vec::new() };
    if !errors.is_empty() {
        return None;
    }

    let expansion = Expansion {
        runtime: &stack.runtime,
        runtime_at: located(&stack.runtime, at),
        func: &sig.ident,
        captures: &captures,
        arguments: &arguments,
        repeats,
        lends: !lent.is_empty(),
        at,
        layers: number(&stack.layers),
    };
    let sites = expansion.sites();
    let block = expansion.block(&body, *braces, &function.output().map_or(quote!(_), nameable));
    let turned = expansion.turned();
    let layers = expansion.tail(0, &block);
    let rebound = &captures.rebound;
    let absorbed = stack.absorbed().map(|attr| quote_spanned!(mixed=> #attr const _: () = ();));
    let marker = expansion.marker(function);
    let within = quote_spanned!(mixed=> #marker #(#absorbed)* #(#moved)* #rebound #(#sites)* #turned #layers);
    Some(function.with(&sig, Some(within)))
}

pub(crate) struct Expansion<'a> {
    pub(crate) runtime: &'a Path,
    /// The runtime, in places where an error is about the return type.
    pub(crate) runtime_at: TokenStream,
    pub(crate) func: &'a Ident,
    pub(crate) captures: &'a Captures,
    /// What a fallback is called with.
    pub(crate) arguments: &'a [Ident],
    /// The arguments are needed after the body has run.
    pub(crate) repeats: bool,
    /// Some of them are needed by a function of the user's that is asked then.
    pub(crate) lends: bool,
    /// Where an error about the return type points.
    pub(crate) at: Span,
    pub(crate) layers: Vec<Named<'a>>,
}

impl Expansion<'_> {
    /// What layers that are shared by all calls go by, before the first layer.
    pub(crate) fn sites(&self) -> impl Iterator<Item = TokenStream> {
        self.layers.iter().filter_map(|Named { layer, local, .. }| match layer {
            Layer::Bulkhead(bulkhead) => Some(self.bulkhead_site(bulkhead, local)),
            Layer::Circuit(circuit) => Some(self.circuit_site(circuit, local)),
            Layer::RateLimit(limit) => Some(self.rate_limit_site(limit, local)),
            Layer::Fallback(_) | Layer::Hedge(_) | Layer::Retry(_) | Layer::Timeout(_) => None,
        })
    }

    pub(crate) fn duration(&self, duration: Duration) -> TokenStream {
        let runtime = self.runtime;
        let seconds = Literal::u64_unsuffixed(duration.as_secs());
        let nanos = Literal::u32_unsuffixed(duration.subsec_nanos());
        quote_spanned!(Span::mixed_site()=> #runtime::__private::Duration::new(#seconds, #nanos))
    }

    /// What the function `of` of the runtime makes of a thing that the user holds.
    ///
    /// Not the argument itself, whose type would be asked of each branch of an `if`. And no `let`: what the expression
    /// borrows from may be a temporary.
    pub(crate) fn held(&self, of: &TokenStream, with: &TokenStream) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        let at = mixed.located_at(with.span());
        let (held, with) = (Ident::new("held", at), quote_spanned!(at=> &(#with)));
        quote_spanned!(mixed=> match #with { #held => #runtime::__private::#of(#held) })
    }

    /// The `async` block around what the user wrote.
    ///
    /// It begins with dead code that tells the compiler its type, so that `?`, coercions and errors are those of the
    /// bare function, and how it captures the arguments.
    pub(crate) fn block(&self, body: &TokenStream, braces: Span, output: &TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let runtime = &self.runtime_at;
        let returned = quote_spanned!(self.at=> return #runtime::__private::never::<#output>(););
        let borrows = &self.captures.borrows;
        // The user's own span: its edition says when the temporaries of the last expression are dropped, and clippy finds
        // what stands there where it was. Without a label rustc would find these braces unused.
        let label = Lifetime::new("'_resilience_body", braces);
        let body = braced(body.clone(), braces);
        let within = quote_spanned!(mixed=> if false { #(#borrows)* #returned } #label: #body);
        let group = braced(within, mixed.located_at(braces));
        // A body that runs once may consume its arguments and return borrows of them.
        let capture = (!self.repeats && !self.lends).then(|| quote_spanned!(mixed=> move));
        // What the compiler has to say of a capture, it says of the body.
        quote_spanned!(mixed.located_at(braces)=> async #capture #group)
    }

    /// The layers from `index` on around `block`, as the end of a block of statements.
    pub(crate) fn tail(&self, index: usize, block: &TokenStream) -> TokenStream {
        if let Some(Named { layer: Layer::Retry(retry), local, .. }) = self.layers.get(index) {
            return self.retry(index, retry, local, block);
        }
        let bound = self.bound(index, block);
        quote_spanned!(Span::mixed_site()=> #bound outcome)
    }

    /// The layers from `index` on around `block`, as statements that bind `outcome`.
    pub(crate) fn bound(&self, index: usize, block: &TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        match self.layers.get(index) {
            None => {
                let outcome = self.wait(index, mixed, self.watched(index, block));
                let ran = self.ran();
                quote_spanned!(mixed=> #ran let outcome = #outcome;)
            }
            Some(Named { layer: Layer::Bulkhead(bulkhead), local, .. }) => self.bulkhead(index, bulkhead, local, block),
            Some(Named { layer: Layer::Circuit(circuit), local, permit }) => {
                self.circuit(index, circuit, local, permit, block)
            }
            Some(named @ Named { layer: Layer::Fallback(fallback), .. }) => {
                self.fallback(index, fallback, named, block)
            }
            Some(Named { layer: Layer::Hedge(hedge), .. }) => self.hedge(index, hedge, block),
            Some(Named { layer: Layer::RateLimit(limit), local, .. }) => self.rate_limit(index, limit, local, block),
            Some(named @ Named { layer: Layer::Timeout(timeout), .. }) => self.timeout(index, timeout, named, block),
            Some(Named { layer: Layer::Retry(_), .. }) => {
                let tail = self.tail(index, block);
                quote_spanned!(mixed=> let outcome = { #tail };)
            }
        }
    }

    /// The layers above `index`, up to the next hedge: its attempts are blocks of their own.
    pub(crate) fn within(&self, index: usize) -> &[Named<'_>] {
        let above = &self.layers[..index];
        let hedge = above.iter().rposition(|named| matches!(named.layer, Layer::Hedge(_)));
        &above[hedge.map_or(0, |hedge| hedge + 1)..]
    }

    /// Waits in the place of the layer `index`, as long as the timeouts above it allow. Every wait of an expansion goes
    /// through here. What the compiler has to say of it, it says `at`.
    pub(crate) fn wait(&self, index: usize, at: Span, future: TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let timeouts = self.within(index).iter().filter_map(|named| match named.layer {
            Layer::Timeout(timeout) => Some((timeout, named)),
            _ => None,
        });
        let raced = timeouts
            .clone()
            .rfold(future, |future, (_, Named { local, .. })| quote_spanned!(mixed=> #local.as_mut().race(#future)));
        let waited = quote_spanned!(at=> #raced.await);
        // The outermost one has raced with all the others.
        timeouts.fold(waited, |waited, (timeout, named)| {
            let expired = self.expired(timeout, named);
            quote_spanned! {mixed=>
                match #waited {
                    ::core::option::Option::Some(waited) => waited,
                    #expired
                }
            }
        })
    }

    /// The body, with the permits marked while it is polled, since only a panic of the body itself is a failure, and with
    /// the retries within it counted.
    pub(crate) fn watched(&self, index: usize, block: &TokenStream) -> TokenStream {
        let runtime = self.runtime;
        self.within(index).iter().rfold(block.clone(), |body, Named { layer, local, permit }| match layer {
            Layer::Circuit(_) => {
                quote_spanned!(Span::mixed_site()=> #runtime::__private::watch(&mut #permit, #body))
            }
            Layer::Retry(_) => quote_spanned!(Span::mixed_site()=> #local.watch(#body)),
            _ => body,
        })
    }

    /// The name of the function, as events have it.
    pub(crate) fn func(&self) -> String {
        self.func.to_string().trim_start_matches("r#").to_owned()
    }

    /// How to get at the text of the error, where its type shows one.
    pub(crate) fn error(&self) -> TokenStream {
        let runtime = self.runtime;
        quote_spanned!(Span::mixed_site()=> |outcome| #runtime::__private::Shown::of(outcome).__error())
    }

    /// Tells an attribute of ours that we did not recognise and that expands next that it stands in the wrong place.
    pub(crate) fn marker(&self, function: &Function) -> Option<TokenStream> {
        const HARMLESS: [&str; 8] = ["doc", "allow", "expect", "warn", "deny", "inline", "must_use", "deprecated"];
        let runtime = self.runtime;
        let marker = format_ident!("{EXPANDED}", span = Span::mixed_site());
        let foreign = function.attrs.iter().any(|attr| !HARMLESS.iter().any(|harmless| attr.path().is_ident(harmless)));
        foreign.then(|| quote_spanned!(Span::mixed_site()=> const _: () = #runtime::__private::#marker;))
    }
}

/// The arguments that the body names, and a function that is asked after it has run. One that the body changes is not among
/// them: that is a copy of its own, or nobody else's.
fn lent<'a>(sig: &Signature, body: &TokenStream, late: impl Iterator<Item = &'a TokenStream>) -> Vec<String> {
    let late: Vec<_> = late
        .map(|function| match syn::parse2::<ExprClosure>(function.clone()) {
            // What a closure calls its own argument is not one of these.
            Ok(closure) => (function, closure.inputs.to_token_stream()),
            Err(_) => (function, TokenStream::new()),
        })
        .collect();
    let is_lent = |name: &String| {
        let asks = |(function, own): &(&TokenStream, TokenStream)| mentions(function, name) && !mentions(own, name);
        late.iter().any(asks) && mentions(body, name)
    };
    let names = sig.inputs.iter().filter_map(|input| match input {
        FnArg::Receiver(receiver) => receiver.mutability.is_none().then(|| "self".to_owned()),
        FnArg::Typed(input) => match &*input.pat {
            Pat::Ident(pat) if pat.mutability.is_none() => Some(pat.ident.to_string()),
            _ => None,
        },
    });
    names.filter(is_lent).collect()
}
