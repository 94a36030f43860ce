//! Parses the settings of `#[circuit]` and `#[retry]`. A setting is an option whose value is a number, a duration, a
//! flag or one of several words. For each setting, the expansion calls a method with the name of the option, such as
//! `.max(3)`.

use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Expr, Result};

use crate::emit::layer::Place;
use crate::error::Errors;
use crate::parse::args::{Args, OptionName};
use crate::parse::value;

/// The options of one attribute that have a parsed value. The `Ident` is the name of the option in the user's code.
pub(super) struct Settings<O>(Vec<(O, Ident, Setting)>);

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Setting {
    Count(u32),
    Time(Duration),
    Number(f64),
    Flag(bool),
    /// The variant `name` of the enum `of` in the runtime crate.
    Variant {
        of: &'static str,
        name: &'static str,
    },
}

/// A function that parses the value of an option. The first parameter is the name of the option, for errors.
pub(super) type Reader = fn(&str, &Expr) -> Result<Setting>;

impl<O: OptionName> Settings<O> {
    /// Removes each option in `readers` from the options `args` of an attribute. Returns the parsed values in the order
    /// of `readers`. Also returns whether all values could be parsed.
    pub(super) fn read(args: &mut Args<O>, readers: &[(O, Reader)], errors: &mut Errors) -> (Self, bool) {
        let mut settings = Vec::new();
        let mut readable = true;
        for (option, reader) in readers {
            if let Some(ident) = args.ident(*option) {
                let setting = args.read(*option, errors, reader);
                readable &= setting.is_some();
                settings.extend(setting.map(|setting| (*option, ident, setting)));
            }
        }
        (Self(settings), readable)
    }

    pub(super) fn get(&self, option: O) -> Option<(&Ident, Setting)> {
        self.0.iter().find(|(other, ..)| *other == option).map(|(_, ident, setting)| (ident, *setting))
    }

    pub(super) fn has(&self, option: O) -> bool {
        self.get(option).is_some()
    }

    pub(super) fn count(&self, option: O) -> Option<(&Ident, u32)> {
        match self.get(option)? {
            (ident, Setting::Count(count)) => Some((ident, count)),
            _ => None,
        }
    }

    pub(super) fn time(&self, option: O) -> Option<(&Ident, Duration)> {
        match self.get(option)? {
            (ident, Setting::Time(time)) => Some((ident, time)),
            _ => None,
        }
    }

    pub(super) fn number(&self, option: O) -> Option<f64> {
        match self.get(option)? {
            (_, Setting::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// Returns the name of each option that has a parsed value, with the span of the user's code.
    pub(super) fn idents(&self) -> impl Iterator<Item = &Ident> {
        self.0.iter().map(|(_, ident, _)| ident)
    }

    /// Returns the method calls that pass the values of the options to the runtime, such as `.max(3)`.
    pub(super) fn calls(&self, place: Place<'_>) -> TokenStream {
        let call = |(option, _, setting): &(O, Ident, Setting)| {
            let option = Ident::new(option.name(), Span::mixed_site());
            let value = setting.value(place);
            quote_spanned!(Span::mixed_site()=> .#option(#value))
        };
        self.0.iter().map(call).collect()
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

pub(super) fn count(key: &str, value: &Expr) -> Result<Setting> {
    value::count(key, value).map(Setting::Count)
}

pub(super) fn time(key: &str, value: &Expr) -> Result<Setting> {
    value::duration(key, value).map(Setting::Time)
}

pub(super) fn factor(key: &str, value: &Expr) -> Result<Setting> {
    value::factor(key, value).map(Setting::Number)
}

pub(super) fn flag(key: &str, value: &Expr) -> Result<Setting> {
    value::flag(key, value).map(Setting::Flag)
}
