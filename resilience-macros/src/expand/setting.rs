use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use super::Expansion;
use crate::setting::{Setting, Settings};

impl Expansion<'_> {
    /// The calls that hand settings over, each by the method of its name.
    pub(super) fn settings(&self, settings: &Settings) -> TokenStream {
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
