//! Parses the settings of an attribute. A setting is an option whose value is a number, a duration, a flag or one of
//! several words. The expansion passes each setting to the runtime by a method of the same name. For example, `max = 3`
//! becomes `.max(3)`.

use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, Result};

use super::limits;
use crate::emit::layer::Place;
use crate::error::Errors;
use crate::parse::args::{Args, OptionName};
use crate::parse::constant::{Constant, Given, Kind};
use crate::parse::value;

/// The parsed settings of one attribute, each with its value. The `Ident` is the name of the option in the user's code.
pub(super) struct Settings<O>(Vec<(O, Ident, Given<Setting>)>);

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Setting {
    Count(u32),
    Time(Duration),
    Number(f64),
    Flag(bool),
    /// A variant of an enum in the runtime crate. For `Jitter::Full`, `of` is `"Jitter"`, and `name` is `"Full"`.
    Variant {
        of: &'static str,
        name: &'static str,
    },
}

/// The type and range of an option, and a function that parses the value if it is a literal. The first parameter of the
/// function is the name of the option, for errors.
pub(super) type Reader = (Kind, fn(&str, &Expr) -> Result<Setting>);

impl<O: OptionName> Settings<O> {
    /// Removes each option in `readers` from the options `args` of an attribute. Returns the parsed values in the order
    /// of `readers`. Also returns whether all values could be parsed.
    pub(super) fn read(args: &mut Args<O>, readers: &[(O, Reader)], errors: &mut Errors) -> (Self, bool) {
        let mut settings = Vec::new();
        let mut readable = true;
        for (option, (kind, read)) in readers {
            if let Some(ident) = args.ident(*option) {
                let setting = args.read(*option, errors, |key, value| Given::read(key, value, *kind, read));
                readable &= setting.is_some();
                settings.extend(setting.map(|setting| (*option, ident, setting)));
            }
        }
        (Self(settings), readable)
    }

    pub(super) fn get(&self, option: O) -> Option<(&Ident, &Given<Setting>)> {
        self.0.iter().find(|(other, ..)| *other == option).map(|(_, ident, setting)| (ident, setting))
    }

    /// Returns the value of `option`, and the name of the option in the user's code. Returns `None` if the attribute
    /// lacks the option, or if the value is not a literal.
    pub(super) fn literal(&self, option: O) -> Option<(&Ident, Setting)> {
        let (ident, setting) = self.get(option)?;
        Some((ident, *setting.literal()?))
    }

    /// Returns the literal value of `option`, converted by `read`. If the attribute lacks the option, returns
    /// `default`. If the value is a constant of the user, returns `None`.
    pub(super) fn known<T>(&self, option: O, default: T, read: impl FnOnce(Setting) -> Option<T>) -> Option<T> {
        match self.get(option) {
            Some((_, setting)) => read(*setting.literal()?),
            None => Some(default),
        }
    }

    pub(super) fn has(&self, option: O) -> bool {
        self.get(option).is_some()
    }

    pub(super) fn count(&self, option: O) -> Option<(&Ident, u32)> {
        match self.literal(option)? {
            (ident, Setting::Count(count)) => Some((ident, count)),
            _ => None,
        }
    }

    pub(super) fn time(&self, option: O) -> Option<(&Ident, Duration)> {
        match self.literal(option)? {
            (ident, Setting::Time(time)) => Some((ident, time)),
            _ => None,
        }
    }

    /// Returns the values that are constants in the user's code, such as `LIMIT`.
    pub(super) fn constants(&self) -> impl Iterator<Item = &Constant> {
        self.0.iter().filter_map(|(.., setting)| setting.constant())
    }

    /// Returns the name of each parsed option, with the span of the user's code.
    pub(super) fn idents(&self) -> impl Iterator<Item = &Ident> {
        self.0.iter().map(|(_, ident, _)| ident)
    }

    /// Returns the method calls that pass the values of the options to the runtime, such as `.max(3)`.
    pub(super) fn calls(&self, place: Place<'_>) -> TokenStream {
        let call = |(option, _, setting): &(O, Ident, Given<Setting>)| {
            let option = Ident::new(option.name(), Span::mixed_site());
            let value = setting.tokens(place.runtime(), |setting| setting.value(place));
            quote_spanned!(Span::mixed_site()=> .#option(#value))
        };
        self.0.iter().map(call).collect()
    }

    /// Works like [`calls`](Self::calls). If a value is a constant, also returns a call of the method `checked`. In the
    /// runtime, this method checks options that depend on each other.
    pub(super) fn checked_calls(&self, place: Place<'_>) -> TokenStream {
        let calls = self.calls(place);
        let checked = self.constants().next().map(|_| quote_spanned!(Span::mixed_site()=> .checked()));
        quote_spanned!(Span::mixed_site()=> #calls #checked)
    }
}

impl Setting {
    fn value(self, place: Place<'_>) -> TokenStream {
        match self {
            Self::Count(count) => Literal::u32_unsuffixed(count).into_token_stream(),
            Self::Time(time) => place.duration(time),
            Self::Number(number) => Literal::f64_unsuffixed(number).into_token_stream(),
            Self::Flag(flag) => flag.to_token_stream(),
            Self::Variant { of, name } => {
                let runtime = place.runtime();
                let [of, name] = [of, name].map(|name| Ident::new(name, Span::mixed_site()));
                quote_spanned!(Span::mixed_site()=> #runtime::__private::#of::#name)
            }
        }
    }
}

pub(super) const COUNT: Reader = (Kind::count(), |key, value| value::count(key, value).map(Setting::Count));
pub(super) const QUEUE: Reader =
    (Kind::whole(&limits::MAX_QUEUE), |key, value| value::whole(key, value, &limits::MAX_QUEUE).map(Setting::Count));
/// The reader of the option `max_keys`.
pub(super) const KEYS: Reader =
    (Kind::whole(&limits::MAX_KEYS), |key, value| value::whole(key, value, &limits::MAX_KEYS).map(Setting::Count));
pub(super) const TIME: Reader = (Kind::Time, |key, value| value::duration(key, value).map(Setting::Time));
pub(super) const FACTOR: Reader = (Kind::Factor, |key, value| value::factor(key, value).map(Setting::Number));
pub(super) const FLAG: Reader = (Kind::Flag, |key, value| value::flag(key, value).map(Setting::Flag));
