use proc_macro2::{Span, TokenStream};
use syn::{Error, Expr, Path, Result};

use crate::args::{self, Args};
use crate::error::Errors;

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
