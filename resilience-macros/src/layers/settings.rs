use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use crate::emit::Expansion;

/// The settings that an attribute writes, under their names.
pub(crate) type Settings = Vec<(Ident, Setting)>;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Setting {
    Count(u32),
    Time(Duration),
    Number(f64),
    Flag(bool),
    /// A variant of the runtime's `Jitter`.
    Jitter(&'static str),
}

impl Expansion<'_> {
    /// The calls that hand settings over, each by the method of its name.
    pub(crate) fn settings(&self, settings: &Settings) -> TokenStream {
        let call = |(option, setting): &(Ident, Setting)| {
            let option = Ident::new(&option.to_string(), Span::mixed_site());
            let value = self.setting(*setting);
            quote_spanned!(Span::mixed_site()=> .#option(#value))
        };
        settings.iter().map(call).collect()
    }

    fn setting(&self, setting: Setting) -> TokenStream {
        match setting {
            Setting::Count(count) => Literal::u32_unsuffixed(count).into_token_stream(),
            Setting::Time(time) => self.duration(time),
            Setting::Number(number) => Literal::f64_unsuffixed(number).into_token_stream(),
            Setting::Flag(flag) => flag.to_token_stream(),
            Setting::Jitter(jitter) => {
                let runtime = self.runtime;
                let jitter = Ident::new(jitter, Span::mixed_site());
                quote_spanned!(Span::mixed_site()=> #runtime::__private::Jitter::#jitter)
            }
        }
    }
}
