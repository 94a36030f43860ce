//! Implements the options that `#[timeout]` and `#[hedge]` share: the time, `name` and `with`. When the time is over, a
//! timeout ends the call, and a hedge starts another attempt.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::LitStr;
use syn::spanned::Spanned;

use super::guard::{self, Declaration};
use super::percentile::Percentile;
use crate::emit::layer::Place;
use crate::error::Errors;
use crate::parse::args::{Args, OptionName};
use crate::parse::constant::{Given, Kind};
use crate::parse::value;

pub(super) enum After {
    /// The time after which a timeout ends the call, or a hedge starts another attempt. The field is `None` if another
    /// attribute with the same name sets the time.
    Time(Option<Given<Duration>>),
    /// A percentile of the durations of recent calls, such as `"p95"`. Only a hedge can have a percentile.
    Percentile(Percentile),
    /// The expression in the option `with`, for a timeout or a hedge that the user created.
    With(TokenStream),
}

impl After {
    /// Reads the time of a timeout or a hedge, the option `with` and the option `name`. Returns the time or the value
    /// of `with`, and a span for compile errors. Also returns the value of `name`.
    pub(super) fn read<O: OptionName>(
        args: &mut Args<O>,
        [time, with, name]: [O; 3],
        span: Span,
        errors: &mut Errors,
    ) -> (Option<(Self, Span)>, Option<Given<LitStr>>) {
        let time = args.read(time, errors, |key, value| {
            Ok((Self::Time(Some(Given::read(key, value, Kind::SomeTime, value::some_duration)?)), value.span()))
        });
        let with = args.read(with, errors, |_, value| Ok((Self::With(value.to_token_stream()), value.span())));
        let name = args.read(name, errors, |key, value| Given::read(key, value, Kind::Text, value::name));
        (with.or(time).or(name.is_some().then_some((Self::Time(None), span))), name)
    }

    /// Returns the time of the timeout or the hedge if the time is a literal.
    pub(super) fn literal(&self) -> Option<Duration> {
        self.time().and_then(Given::literal).copied()
    }

    /// Returns the user's expression for the time of the timeout or the hedge if the time is not a literal.
    pub(super) fn expression(&self) -> Option<TokenStream> {
        self.time().and_then(Given::expression)
    }

    /// Returns the expression for the time of the timeout or the hedge if the time may differ between calls. If not,
    /// returns `None`.
    pub(super) fn evaluated(&self, place: Place<'_>) -> Option<TokenStream> {
        self.time().filter(|time| !place.is_fixed(time)).map(|time| place.time(time))
    }

    /// Returns the expression for the time of the timeout or the hedge if the time is the same for all calls.
    pub(super) fn setting(&self, place: Place<'_>) -> Option<TokenStream> {
        self.time().and_then(|time| place.setting(time))
    }

    /// Returns the statement that binds the timeout or the hedge to a local variable (see [`held`]). `layer` is the
    /// name of the runtime type, such as `Hedge`. `option` is the name of the option that contains the time: `timeout`
    /// or `after`. `options` are the method calls that pass the options to the runtime, such as `.max(3)`.
    pub(super) fn site(
        &self,
        place: Place<'_>,
        layer: &str,
        name: Option<&Given<LitStr>>,
        option: &str,
        options: TokenStream,
    ) -> TokenStream {
        let (missing, is_evaluated) = match self {
            Self::With(with) => return guard::owned(place, layer, &held(place), with),
            Self::Time(time) => (time.is_none(), time.is_some() && self.setting(place).is_none()),
            Self::Percentile(_) => (false, false),
        };
        let missing = missing.then_some(option);
        guard::shared(
            place,
            &held(place),
            &Declaration { layer, name, options, missing, evaluated: is_evaluated.then_some(option) },
        )
    }

    /// Returns an expression that reads the timeout or the hedge from the local variable (see [`held`]).
    pub(super) fn layer(&self, place: Place<'_>) -> TokenStream {
        let held = held(place);
        match self {
            Self::With(_) => quote_spanned!(Span::mixed_site()=> #held.get()),
            Self::Time(_) | Self::Percentile(_) => quote_spanned!(Span::mixed_site()=> #held()),
        }
    }

    fn time(&self) -> Option<&Given<Duration>> {
        match self {
            Self::Time(time) => time.as_ref(),
            Self::With(_) | Self::Percentile(_) => None,
        }
    }
}

/// Returns the name of the local variable for the timeout or the hedge. With the option `with`, the variable contains a
/// clone of the timeout or hedge that the user created. Without this option, the variable contains a closure. The
/// closure returns the timeout or hedge that all calls share.
fn held(place: Place<'_>) -> Ident {
    format_ident!("{}_held", place.local(), span = Span::mixed_site())
}
