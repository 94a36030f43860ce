//! Which attributes of the family stand on a function, outermost first.
//!
//! The outermost one expands first. It takes the others off the function and emits one expansion for all, because
//! attributes that wrapped the body one after the other would end up in the opposite order.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Meta, Path, parse_quote_spanned};

use crate::emit::expand;
use crate::error::Errors;
use crate::layers::bulkhead::Bulkhead;
use crate::layers::circuit::Circuit;
use crate::layers::fallback::Fallback;
use crate::layers::hedge::Hedge;
use crate::layers::rate_limit::RateLimit;
use crate::layers::retry::Retry;
use crate::layers::timeout::Timeout;
use crate::parse::function::Function;
use crate::plan::{check, worst_case};

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Bulkhead,
    Circuit,
    Fallback,
    Hedge,
    RateLimit,
    Retry,
    Timeout,
}

pub(crate) enum Layer {
    Bulkhead(Bulkhead),
    Circuit(Circuit),
    Fallback(Fallback),
    Hedge(Hedge),
    RateLimit(RateLimit),
    Retry(Retry),
    Timeout(Timeout),
}

/// The attributes of the family on one function.
pub(crate) struct Stack {
    pub(crate) layers: Vec<Layer>,
    /// The path of the runtime.
    pub(crate) runtime: Path,
    /// The attributes that were taken off, as they were named.
    absorbed: Vec<TokenStream>,
}

/// The argument of an attribute that has been absorbed and changes nothing: it stays, so that its import is used and a
/// missing one is reported.
const ABSORBED: &str = "__absorbed";

/// What the body of a function begins with that has been expanded already.
pub(crate) const EXPANDED: &str = "__RESILIENCE_EXPANDED";

impl Stack {
    /// The attributes that were taken off, without effect.
    pub(crate) fn absorbed(&self) -> impl Iterator<Item = Attribute> {
        let absorbed = Ident::new(ABSORBED, Span::mixed_site());
        self.absorbed.iter().map(move |path| parse_quote_spanned!(Span::mixed_site()=> #[#path(#absorbed)]))
    }
}

impl Kind {
    /// The kind of an attribute of the family, that is one of our names, alone or behind the path of the runtime.
    fn of(path: &Path, runtime: Option<&Path>) -> Option<Self> {
        let last = path.segments.last()?;
        let kind = match last.ident.to_string().as_str() {
            "bulkhead" => Self::Bulkhead,
            "circuit" => Self::Circuit,
            "fallback" => Self::Fallback,
            "hedge" => Self::Hedge,
            "rate_limit" => Self::RateLimit,
            "retry" => Self::Retry,
            "timeout" => Self::Timeout,
            _ => return None,
        };
        let parents: Vec<_> =
            path.segments.iter().rev().skip(1).rev().map(|segment| segment.ident.to_string()).collect();
        let is = |runtime: &Path| parents.iter().eq(&names(runtime));
        (parents.is_empty() || parents == ["resilience_runtime"] || runtime.is_some_and(is)).then_some(kind)
    }

    /// The layer, and the path of the runtime where it is given.
    fn parse(self, span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Layer>, Option<Path>) {
        fn layer<T>((read, runtime): (Option<T>, Option<Path>), of: fn(T) -> Layer) -> (Option<Layer>, Option<Path>) {
            (read.map(of), runtime)
        }
        match self {
            Self::Bulkhead => layer(Bulkhead::parse(span, tokens, errors), Layer::Bulkhead),
            Self::Circuit => layer(Circuit::parse(span, tokens, errors), Layer::Circuit),
            Self::Fallback => layer(Fallback::parse(span, tokens, errors), Layer::Fallback),
            Self::Hedge => layer(Hedge::parse(span, tokens, errors), Layer::Hedge),
            Self::RateLimit => layer(RateLimit::parse(span, tokens, errors), Layer::RateLimit),
            Self::Retry => layer(Retry::parse(span, tokens, errors), Layer::Retry),
            Self::Timeout => layer(Timeout::parse(span, tokens, errors), Layer::Timeout),
        }
    }
}

fn names(path: &Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

/// Expands the attribute of this kind, and all of the family below it.
pub(crate) fn decorate(kind: Kind, args: TokenStream, item: &TokenStream) -> TokenStream {
    if args.to_string() == ABSORBED {
        return item.clone();
    }
    let mut errors = Errors::default();
    let (layer, runtime) = kind.parse(Span::call_site(), args, &mut errors);
    let mut function = match syn::parse2::<Function>(item.clone()) {
        Ok(function) => function,
        Err(error) => {
            errors.add(error);
            return with_errors(errors, item);
        }
    };

    let mut layers = Vec::from_iter(layer);
    let mut absorbed = Vec::new();
    let mut runtime = runtime;
    function.attrs.retain(|attr| match Kind::of(attr.path(), runtime.as_ref()) {
        Some(kind) => {
            let (layer, path) = kind.parse(attr.path().span(), arguments(attr, &mut errors), &mut errors);
            layers.extend(layer);
            runtime = runtime.take().or(path);
            absorbed.push(attr.path().to_token_stream());
            false
        }
        None => true,
    });

    function.check(&mut errors);
    check::check(&function, &layers, &mut errors);
    function.attrs.extend(worst_case::doc(&function.attrs, &layers));
    let runtime = runtime.unwrap_or_else(|| parse_quote_spanned!(Span::mixed_site()=> ::resilience_runtime));
    let stack = Stack { layers, runtime, absorbed };
    let expansion = expand(&function, &stack, &mut errors).unwrap_or_else(|| {
        function.attrs.extend(stack.absorbed());
        function.into_token_stream()
    });
    with_errors(errors, &expansion)
}

/// The mistakes, and then the function all the same, so that the rest of the file and the editor keep working.
fn with_errors(errors: Errors, item: &TokenStream) -> TokenStream {
    let errors = errors.into_tokens();
    quote!(#errors #item)
}

fn arguments(attr: &Attribute, errors: &mut Errors) -> TokenStream {
    match &attr.meta {
        Meta::Path(_) => TokenStream::new(),
        Meta::List(list) => list.tokens.clone(),
        Meta::NameValue(meta) => {
            errors.push(meta.eq_token.span, "expected a list of options: write `(option = value)`");
            TokenStream::new()
        }
    }
}
