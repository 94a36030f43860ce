use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use syn::Path;

use crate::args::{self, Args};
use crate::error::Errors;

/// What one `#[retry(..)]` says.
pub(crate) struct Retry {
    pub(crate) max: u32,
    pub(crate) delay: Duration,
    pub(crate) backoff: f64,
    pub(crate) retry_if: Option<TokenStream>,
    pub(crate) clone: Vec<Ident>,
}

const OPTIONS: [&str; 6] = ["max", "delay", "backoff", "retry_if", "clone", "crate"];

impl Retry {
    /// The layer, and the path of the runtime where it is given.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Self>, Option<Path>) {
        let mut args = Args::parse(span, tokens, &OPTIONS, errors);
        let retry = Self {
            max: args.read("max", errors, args::count).unwrap_or(3),
            delay: args.read("delay", errors, args::duration).unwrap_or(Duration::from_secs(1)),
            backoff: args.read("backoff", errors, args::factor).unwrap_or(2.0),
            retry_if: args.read("retry_if", errors, args::function),
            clone: args.list("clone", errors),
        };
        (Some(retry), args.read("crate", errors, args::path))
    }
}
