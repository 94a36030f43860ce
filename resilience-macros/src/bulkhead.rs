use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::Path;

use crate::args::{self, Args};
use crate::error::Errors;

/// What one `#[bulkhead(..)]` says.
pub(crate) struct Bulkhead {
    pub(crate) slots: Slots,
    pub(crate) error: Option<TokenStream>,
}

pub(crate) enum Slots {
    /// Those of this function.
    Own { max: u32, wait: Duration },
    /// Those of a bulkhead that the user holds.
    With(TokenStream),
}

const OPTIONS: [&str; 5] = ["max", "wait", "with", "error", "crate"];

impl Bulkhead {
    /// The layer, and the path of the runtime where it is given.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Self>, Option<Path>) {
        let mut args = Args::parse(span, tokens, &OPTIONS, errors);
        if args.key("with").is_some() {
            args.refuse(&["max", "wait"], "does not go with `with`: the bulkhead that you hold has its own", errors);
        } else {
            args.require("max", "`#[bulkhead]` needs a limit: write `#[bulkhead(max = ..)]`", errors);
        }
        let max = args.read("max", errors, args::count);
        let wait = args.read("wait", errors, args::duration).unwrap_or(Duration::ZERO);
        let with = args.read("with", errors, args::expression);
        let slots = with.map(Slots::With).or(max.map(|max| Slots::Own { max, wait }));
        let error = args.read("error", errors, args::function);
        (slots.map(|slots| Self { slots, error }), args.read("crate", errors, args::path))
    }
}
