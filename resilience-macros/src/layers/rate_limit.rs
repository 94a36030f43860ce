use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote_spanned;
use syn::{Error, Expr, Path, Result};

use crate::emit::Expansion;
use crate::emit::exit::By;
use crate::error::Errors;
use crate::parse::args::Args;
use crate::parse::value as args;

/// What one `#[rate_limit(..)]` says.
pub(crate) struct RateLimit {
    pub(crate) rate: Rate,
    pub(crate) error: Option<TokenStream>,
}

pub(crate) enum Rate {
    /// That of this function.
    Own { per_second: u32, burst: u32 },
    /// That of a limit that the user holds.
    With(TokenStream),
}

const OPTIONS: [&str; 5] = ["per_second", "burst", "with", "error", "crate"];

impl RateLimit {
    /// The layer, and the path of the runtime where it is given.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Self>, Option<Path>) {
        let mut args = Args::parse(span, tokens, &OPTIONS, errors);
        if args.key("with").is_some() {
            args.refuse(
                &["per_second", "burst"],
                "does not go with `with`: the limit that you hold has its own",
                errors,
            );
        } else {
            args.require("per_second", "`#[rate_limit]` needs a rate: write `#[rate_limit(per_second = ..)]`", errors);
        }
        let per_second = args.read("per_second", errors, rate);
        let burst = args.read("burst", errors, args::count);
        let with = args.read("with", errors, args::expression);
        let own = per_second.map(|per_second| Rate::Own { per_second, burst: burst.unwrap_or(per_second) });
        let error = args.read("error", errors, args::function);
        (with.map(Rate::With).or(own).map(|rate| Self { rate, error }), args.read("crate", errors, args::path))
    }
}

fn rate(key: &str, value: &Expr) -> Result<u32> {
    match args::count(key, value) {
        Ok(rate @ 1..=1_000_000) => Ok(rate),
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be a whole number from 1 to 1000000"))),
    }
}

impl Expansion<'_> {
    pub(crate) fn rate_limit_site(&self, limit: &RateLimit, local: &Ident) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        match &limit.rate {
            Rate::With(with) => {
                let held = self.held(&quote_spanned!(mixed=> held_rate_limit), with);
                quote_spanned!(mixed=> let #local = &#held;)
            }
            Rate::Own { per_second, burst } => {
                let [per_second, burst] = [*per_second, *burst].map(Literal::u32_unsuffixed);
                let func = self.func();
                // In a block of its own: an item is not hygienic, and must not hide one of the user's.
                quote_spanned! {mixed=>
                    let #local = {
                        static RATE_LIMIT: #runtime::__private::LazyLock<#runtime::__private::RateLimit> =
                            #runtime::__private::LazyLock::new(|| {
                                #runtime::__private::declared_rate_limit(#func, #per_second, #burst)
                            });
                        &*RATE_LIMIT
                    };
                }
            }
        }
    }

    pub(crate) fn rate_limit(
        &self,
        index: usize,
        limit: &RateLimit,
        local: &Ident,
        block: &TokenStream,
    ) -> TokenStream {
        let mixed = Span::mixed_site();
        let rejected = self.rejected(&Ident::new("limited", mixed), limit.error.as_ref());
        let leave = self.leave(index, By::Limit, &rejected);
        let inner = self.bound(index + 1, block);
        quote_spanned! {mixed=>
            match #local.try_acquire() {
                ::core::result::Result::Ok(()) => {}
                ::core::result::Result::Err(limited) => #leave
            }
            #inner
        }
    }
}
