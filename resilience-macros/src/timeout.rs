use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::Path;
use syn::spanned::Spanned;

use crate::args::{self, Args};
use crate::error::Errors;

/// What one `#[timeout(..)]` says.
pub(crate) struct Timeout {
    pub(crate) after: Duration,
    /// Where that stands.
    pub(crate) span: Span,
    pub(crate) error: Option<TokenStream>,
}

impl Timeout {
    /// The layer, and the path of the runtime where it is given.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Self>, Option<Path>) {
        let mut args = Args::parse_after(Some("timeout"), span, tokens, &["error", "crate"], errors);
        args.require(
            "timeout",
            "`#[timeout]` needs a duration: write `#[timeout(5)]`, or `#[timeout(\"250ms\")]`",
            errors,
        );
        let after = args.read("timeout", errors, |key, value| Ok((args::some_duration(key, value)?, value.span())));
        let error = args.read("error", errors, args::function);
        (after.map(|(after, span)| Self { after, span, error }), args.read("crate", errors, args::path))
    }
}
