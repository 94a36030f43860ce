use proc_macro2::{Ident, Span, TokenStream};
use syn::Path;

use crate::args::{self, Args};
use crate::error::Errors;

/// What one `#[fallback(..)]` says.
pub(crate) struct Fallback {
    pub(crate) function: TokenStream,
    /// Where the attribute stands.
    pub(crate) span: Span,
    pub(crate) on: On,
    /// The function takes the error after the arguments.
    pub(crate) with_error: bool,
    pub(crate) clone: Vec<Ident>,
}

/// The errors that it is for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum On {
    Any,
    Rejected,
}

impl Fallback {
    /// The layer, and the path of the runtime where it is given.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Self>, Option<Path>) {
        let mut args =
            Args::parse_after(Some("fallback"), span, tokens, &["on", "with_error", "clone", "crate"], errors);
        args.require("fallback", "`#[fallback]` needs a function: write `#[fallback(path)]`", errors);
        let on = args.read("on", errors, |key, value| {
            let choice = args::choice(key, value, &["any", "rejected"])?;
            Ok([On::Any, On::Rejected][choice])
        });
        let with_error = args.read("with_error", errors, args::flag).unwrap_or(false);
        let function = args.read("fallback", errors, args::function_path);
        let clone = args.list("clone", errors);
        let fallback = function.map(|function| Self { function, span, on: on.unwrap_or(On::Any), with_error, clone });
        (fallback, args.read("crate", errors, args::path))
    }
}
