//! The tokens with which a rejected call leaves the layers above the rejection.
//!
//! `plan::exits` selects the layer at which the call continues, and decides whether the local `cause` is needed.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::layer::Place;
use crate::facts::{Cause, Runs};

impl Place<'_> {
    /// Declares the local that contains the reason of the latest rejection, if a layer asks for it.
    pub(crate) fn declared_cause(self) -> Option<TokenStream> {
        let runtime = self.runtime();
        self.if_asked(quote_spanned!(Span::mixed_site()=> let mut cause = #runtime::__private::Cause::None;))
    }

    /// Records that the call was not rejected, or that its outcome is replaced.
    pub(crate) fn ran(self) -> Option<TokenStream> {
        let runtime = self.runtime();
        self.if_asked(quote_spanned!(Span::mixed_site()=> cause = #runtime::__private::Cause::None;))
    }

    /// Records that a timeout has ended the call. Its `error` tells whether the deadline of the caller caused this.
    pub(crate) fn late(self) -> Option<TokenStream> {
        let runtime = self.runtime();
        self.if_asked(quote_spanned!(Span::mixed_site()=> cause = #runtime::__private::Cause::of_timeout(error);))
    }

    /// Returns the value that an attempt of a hedge returns in addition to its outcome.
    pub(crate) fn cause_or_none(self) -> TokenStream {
        let runtime = self.runtime();
        let mixed = Span::mixed_site();
        self.if_asked(quote_spanned!(mixed=> cause))
            .unwrap_or_else(|| quote_spanned!(mixed=> #runtime::__private::Cause::None))
    }

    fn if_asked(self, tokens: TokenStream) -> Option<TokenStream> {
        self.plan().is_asked().then_some(tokens)
    }

    /// Leaves this layer, which has rejected the call with the `error` of this name, as the arm of a `match`.
    pub(crate) fn leave(self, cause: Cause, error: &Ident, rejected: &TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let runtime = self.runtime();
        let catcher = self.plan().catcher(self.index, cause);
        let func = self.func();
        let ended = self.plan().ended_retries(self.index, catcher).map(|index| {
            let (retry, schedule) = (self.at(index).local(), self.at(index).schedule());
            quote_spanned!(mixed=> #retry.reject(#schedule(), #func, &#error);)
        });
        let ended: TokenStream = ended.collect();
        let Some(catcher) = catcher.map(|index| self.at(index)) else {
            if ended.is_empty() {
                return quote_spanned!(mixed=> return #rejected,);
            }
            return quote_spanned!(mixed=> { #ended return #rejected; });
        };
        let by = Ident::new(
            match cause {
                Cause::Circuit => "Circuit",
                Cause::Limit => "Limit",
            },
            mixed,
        );
        let told = self.if_asked(quote_spanned!(mixed=> cause = #runtime::__private::Cause::#by;));
        // A jump to a label cannot leave an attempt of a hedge, because each attempt is a block of its own.
        if catcher.facts().runs == Runs::AtOnce {
            let cause_or_none = self.cause_or_none();
            return quote_spanned!(mixed=> { #told #ended return (#rejected, #cause_or_none) });
        }
        let label = catcher.label();
        // The value is in a local, because syn parses `break 'label ::path` as a labelled loop.
        quote_spanned! {mixed=>
            {
                #told
                #ended
                let outcome = #rejected;
                break #label outcome;
            }
        }
    }

    /// Settles the call of this circuit, unless a layer below rejected it or the caller's deadline ended it.
    pub(crate) fn unless_by_caller(self, permit: &Ident, settle: TokenStream) -> TokenStream {
        if !self.plan().asks_for_callers(self.index) {
            return settle;
        }
        let runtime = self.runtime();
        quote_spanned! {Span::mixed_site()=>
            if cause.is_neutral() {
                #runtime::__private::end_by_caller(#permit, cause);
                outcome
            } else {
                #settle
            }
        }
    }

    /// Returns the outcome of a call that a layer has ended with its own error, which has this name.
    pub(crate) fn rejected(self, error: &Ident, make: Option<&TokenStream>) -> TokenStream {
        let runtime = &self.stack.runtime_at;
        let at = self.stack.at;
        match make {
            Some(make) => quote_spanned!(at=> #runtime::__private::rejected_with(#error, #make)),
            None => quote_spanned!(at=> #runtime::__private::rejected(#error)),
        }
    }
}
