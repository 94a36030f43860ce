//! How a call that a layer has turned away leaves the layers above it.
//!
//! It goes to the nearest one that has to see what becomes of it. Some of those ask, besides, whether the call was
//! turned away: a local of the expansion says that of the latest attempt, where anybody asks.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::{Expansion, Named};
use crate::layers::fallback::{Fallback, On};
use crate::pipeline::Layer;

/// What turned a call away.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum By {
    /// An open circuit: retries above it end.
    Circuit,
    /// A limit of the program's own, which says nothing of the service: circuits above it ignore the call.
    Limit,
}

impl Layer {
    fn turns_away(&self) -> Option<By> {
        match self {
            Self::Bulkhead(_) | Self::RateLimit(_) => Some(By::Limit),
            Self::Circuit(_) => Some(By::Circuit),
            Self::Fallback(_) | Self::Hedge(_) | Self::Retry(_) | Self::Timeout(_) => None,
        }
    }

    /// Whether this layer has to see a call that was turned away below it.
    fn catches(&self, by: By) -> bool {
        match self {
            Self::Circuit(_) | Self::Fallback(_) | Self::Hedge(_) => true,
            Self::Retry(_) => by != By::Circuit,
            Self::Bulkhead(_) | Self::RateLimit(_) | Self::Timeout(_) => false,
        }
    }
}

impl Expansion<'_> {
    /// Declares the local that says whether the latest attempt was turned away.
    pub(crate) fn turned(&self) -> Option<TokenStream> {
        let runtime = self.runtime;
        self.is_told().then(|| quote_spanned!(Span::mixed_site()=> let mut turned = #runtime::__private::Turned::None;))
    }

    /// The call was not turned away, or what it came to is no longer what matters.
    pub(crate) fn ran(&self) -> Option<TokenStream> {
        let runtime = self.runtime;
        self.is_told().then(|| quote_spanned!(Span::mixed_site()=> turned = #runtime::__private::Turned::None;))
    }

    /// A timeout has ended the call, whose own `error` says whether by the deadline of the caller.
    pub(crate) fn late(&self) -> Option<TokenStream> {
        let runtime = self.runtime;
        self.is_told().then(|| quote_spanned!(Span::mixed_site()=> turned = #runtime::__private::Turned::late(error);))
    }

    /// What an attempt of a hedge hands out beside its outcome.
    pub(crate) fn turned_or_none(&self) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        if self.is_told() {
            quote_spanned!(mixed=> turned)
        } else {
            quote_spanned!(mixed=> #runtime::__private::Turned::None)
        }
    }

    /// Leaves the layer `index`, which has turned the call away, as the arm of a `match`.
    pub(crate) fn leave(&self, index: usize, by: By, rejected: &TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let runtime = self.runtime;
        let Some(catches) = self.layers[..index].iter().rfind(|above| above.layer.catches(by)) else {
            return quote_spanned!(mixed=> return #rejected,);
        };
        let told = self.is_told().then(|| {
            let by = Ident::new(
                match by {
                    By::Circuit => "Open",
                    By::Limit => "Limited",
                },
                mixed,
            );
            quote_spanned!(mixed=> turned = #runtime::__private::Turned::#by;)
        });
        // A label does not reach out of the attempts of a hedge, which are blocks of their own.
        if let Layer::Hedge(_) = catches.layer {
            let turned = self.turned_or_none();
            return quote_spanned!(mixed=> { #told return (#rejected, #turned) });
        }
        let label = catches.label();
        // By way of a local: syn takes `break 'label ::path` for a labelled loop.
        quote_spanned! {mixed=>
            {
                #told
                let outcome = #rejected;
                break #label outcome;
            }
        }
    }

    /// Whether a call may leave what is below the layer `index` for it.
    pub(crate) fn is_left(&self, index: usize) -> bool {
        let layer = self.layers[index].layer;
        self.turning(index).any(|by| layer.catches(by))
    }

    /// Whether anybody asks if a call was turned away.
    fn is_told(&self) -> bool {
        (0..self.layers.len()).any(|index| match self.layers[index].layer {
            Layer::Bulkhead(_) | Layer::Hedge(_) | Layer::RateLimit(_) | Layer::Timeout(_) => false,
            Layer::Circuit(_) => self.asks_for_callers(index),
            Layer::Fallback(Fallback { on, .. }) => *on == On::Rejected,
            Layer::Retry(_) => self.asks_for_circuits(index),
        })
    }

    /// What turns calls away below the layer `index`.
    fn turning(&self, index: usize) -> impl Iterator<Item = By> {
        self.layers[index + 1..].iter().filter_map(|below| below.layer.turns_away())
    }

    /// Whether a layer between this retry and an open circuit keeps the call, so that the retry has to ask.
    fn asks_for_circuits(&self, index: usize) -> bool {
        let below = &self.layers[index + 1..];
        let lowest = below.iter().rposition(Named::is_circuit);
        lowest.is_some_and(|lowest| below[..lowest].iter().any(|between| between.layer.catches(By::Circuit)))
    }

    /// Whether something below may end a call that is no matter of the service.
    fn asks_for_callers(&self, index: usize) -> bool {
        let times = |below: &Named<'_>| matches!(below.layer, Layer::Timeout(_));
        self.turning(index).any(|by| by == By::Limit) || self.layers[index + 1..].iter().any(times)
    }

    /// Settles the call of the circuit at `index`, unless it was ended below by a limit or the deadline of the caller.
    pub(crate) fn unless_by_caller(&self, index: usize, permit: &Ident, settle: TokenStream) -> TokenStream {
        if !self.asks_for_callers(index) {
            return settle;
        }
        quote_spanned! {Span::mixed_site()=>
            if turned.by_caller() {
                #permit.ignore();
                outcome
            } else {
                #settle
            }
        }
    }

    /// Ends the retry at `index` whose attempt an open circuit has turned away.
    pub(crate) fn unless_open(&self, index: usize) -> Option<TokenStream> {
        self.asks_for_circuits(index).then(|| {
            quote_spanned! {Span::mixed_site()=>
                if turned.by_circuit() {
                    break outcome;
                }
            }
        })
    }

    /// The outcome of a call that a layer has ended with an error of its own, of this name.
    pub(crate) fn rejected(&self, error: &Ident, make: Option<&TokenStream>) -> TokenStream {
        let runtime = &self.runtime_at;
        match make {
            Some(make) => quote_spanned!(self.at=> #runtime::__private::rejected_with(#error, #make)),
            None => quote_spanned!(self.at=> #runtime::__private::rejected(#error)),
        }
    }
}
