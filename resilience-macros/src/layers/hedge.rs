use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Error, Expr, Path, Result};

use crate::emit::Expansion;
use crate::error::Errors;
use crate::parse::args::Args;
use crate::parse::value as args;

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

impl Expansion<'_> {
    /// The layers below are the attempts; each says beside its outcome whether it was turned away.
    pub(crate) fn hedge(&self, index: usize, hedge: &Hedge, block: &TokenStream) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        let (func, after) = (self.func(), self.duration(hedge.after));
        let clones = self.captures.clones_of(&hedge.clone);
        let declared = self.turned();
        let tail = self.tail(index + 1, block);
        let turned = self.turned_or_none();
        let places = (1..hedge.max).fold(
            quote_spanned!(mixed=> #runtime::__private::Last::new()),
            |places, _| quote_spanned!(mixed=> #runtime::__private::Another::new(#places)),
        );
        let within = quote_spanned! {mixed=>
            {
                #declared
                #clones
                let outcome = { #tail };
                (outcome, #turned)
            }
        };
        // What the compiler has to say of a capture, it says of the body.
        let attempt = quote_spanned!(mixed.located_at(block.span())=> || async #within);
        let hedged = quote_spanned!(mixed=> #runtime::__private::Hedged::new(#func, #after, #places, #attempt));
        let hedged = self.wait(index, mixed, self.watched(index, &hedged));
        match self.turned() {
            Some(_) => quote_spanned! {mixed=>
                let (outcome, of_attempt) = #hedged;
                turned = of_attempt;
            },
            None => quote_spanned!(mixed=> let (outcome, _) = #hedged;),
        }
    }
}
