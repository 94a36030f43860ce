use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use syn::spanned::Spanned;
use syn::{Error, Expr, Path, Result};

use crate::args::{self, Args};
use crate::error::Errors;

/// What one `#[hedge(..)]` says.
pub(crate) struct Hedge {
    pub(crate) after: Duration,
    /// Where that stands.
    pub(crate) span: Span,
    pub(crate) max: u32,
    pub(crate) clone: Vec<Ident>,
}

const OPTIONS: [&str; 4] = ["after", "max", "clone", "crate"];

impl Hedge {
    /// The layer, and the path of the runtime where it is given.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Self>, Option<Path>) {
        let mut args = Args::parse(span, tokens, &OPTIONS, errors);
        args.require("after", "`#[hedge]` needs a time: write `#[hedge(after = ..)]`", errors);
        let after = args.read("after", errors, |key, value| Ok((args::some_duration(key, value)?, value.span())));
        let max = args.read("max", errors, attempts).unwrap_or(2);
        let clone = args.list("clone", errors);
        (after.map(|(after, span)| Self { after, span, max, clone }), args.read("crate", errors, args::path))
    }
}

fn attempts(key: &str, value: &Expr) -> Result<u32> {
    match args::count(key, value) {
        Ok(attempts @ 2..=5) => Ok(attempts),
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be a whole number from 2 to 5"))),
    }
}
