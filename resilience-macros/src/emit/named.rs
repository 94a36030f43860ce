use std::mem::discriminant;

use proc_macro2::{Ident, Span, TokenStream};
use quote::format_ident;
use syn::Lifetime;

use crate::layers::circuit::Judge;
use crate::pipeline::Layer;

impl Layer {
    pub(crate) fn clones(&self) -> &[Ident] {
        match self {
            Self::Retry(retry) => &retry.clone,
            Self::Fallback(fallback) => &fallback.clone,
            Self::Hedge(hedge) => &hedge.clone,
            Self::Bulkhead(_) | Self::Circuit(_) | Self::RateLimit(_) | Self::Timeout(_) => &[],
        }
    }

    /// The functions of the user's that are asked after the body has run.
    pub(crate) fn late(&self) -> impl Iterator<Item = &TokenStream> {
        let functions = match self {
            Self::Bulkhead(bulkhead) => [bulkhead.error.as_ref(), None, None],
            Self::Circuit(circuit) => {
                let Judge { failure_if, failure_if_ok, retry_after } = &circuit.judge;
                [failure_if.as_ref(), failure_if_ok.as_ref(), retry_after.as_ref()]
            }
            Self::Timeout(timeout) => [timeout.error.as_ref(), None, None],
            Self::Fallback(_) | Self::Hedge(_) | Self::RateLimit(_) | Self::Retry(_) => [None; 3],
        };
        functions.into_iter().flatten()
    }

    pub(crate) fn attempt(&self) -> Option<&Ident> {
        match self {
            Self::Retry(retry) => retry.attempt.as_ref(),
            _ => None,
        }
    }
}

/// A layer and the names of the locals that stand for it; hygienic, and therefore nobody else's.
pub(crate) struct Named<'a> {
    pub(crate) layer: &'a Layer,
    /// `circuit` or `retry`, `circuit2` and so on.
    pub(crate) local: Ident,
    /// Of a circuit: `permit`, `permit2` and so on.
    pub(crate) permit: Ident,
}

impl Named<'_> {
    pub(crate) fn is_circuit(&self) -> bool {
        matches!(self.layer, Layer::Circuit(_))
    }

    /// Of the block that this layer may be left from.
    pub(crate) fn label(&self) -> Lifetime {
        Lifetime::new(&format!("'{}", self.local), self.local.span())
    }
}

pub(crate) fn number(layers: &[Layer]) -> Vec<Named<'_>> {
    let mut named = Vec::<Named<'_>>::new();
    for layer in layers {
        let name = match layer {
            Layer::Bulkhead(_) => "bulkhead",
            Layer::Circuit(_) => "circuit",
            Layer::Fallback(_) => "fallback",
            Layer::Hedge(_) => "hedge",
            Layer::RateLimit(_) => "rate_limit",
            Layer::Retry(_) => "retry",
            Layer::Timeout(_) => "timeout",
        };
        let number = match named.iter().filter(|above| discriminant(above.layer) == discriminant(layer)).count() {
            0 => String::new(),
            above => (above + 1).to_string(),
        };
        let local = |name| format_ident!("{name}{number}", span = Span::mixed_site());
        named.push(Named { layer, local: local(name), permit: local("permit") });
    }
    named
}
