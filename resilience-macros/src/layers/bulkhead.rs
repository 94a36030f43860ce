//! Implements `#[bulkhead]`, which limits the number of concurrent calls.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::attribute::{Attribute, Parsed, parsed};
use super::limit::{Limit, Shared, Source};
use super::settings::{COUNT, KEYS, QUEUE, Reader, Settings};
use super::synonyms;
use crate::emit::layer::{Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Cause, Facts};
use crate::parse::args::{Args, options};
use crate::parse::value;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "bulkhead", parse };

options! {
    enum Opt: synonyms::BULKHEAD {
        Name = "name",
        Key = "key",
        MaxKeys = "max_keys",
        Max = "max",
        Wait = "wait",
        MaxQueue = "max_queue",
        With = "with",
        Error = "error",
        Crate = "crate",
    }
}

const SETTINGS: [(Opt, Reader); 3] = [(Opt::Max, COUNT), (Opt::MaxQueue, QUEUE), (Opt::MaxKeys, KEYS)];

const SHARED: Shared<Opt> = Shared {
    name: Opt::Name,
    key: Opt::Key,
    max_keys: Opt::MaxKeys,
    with: Opt::With,
    wait: Opt::Wait,
    max_queue: Opt::MaxQueue,
    error: Opt::Error,
};

struct Bulkhead(Limit<Opt>);

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    if !args.has(Opt::With) && !args.has(Opt::Name) {
        args.require(Opt::Max, "`#[bulkhead]` needs a limit: write `#[bulkhead(max = ..)]`", errors);
    }
    let (settings, _) = Settings::read(&mut args, &SETTINGS, errors);
    let limit = Limit::read(&mut args, &SHARED, settings, (span, "bulkhead"), errors);
    parsed(limit.map(Bulkhead), args.read(Opt::Crate, errors, value::path))
}

impl Layer for Bulkhead {
    fn facts(&self) -> Facts {
        self.0.facts(ATTRIBUTE.name, Cause::Limit)
    }

    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        let missing = match &self.0.source {
            Source::Own { settings, .. } => (!settings.has(Opt::Max)).then_some("max"),
            Source::With(_) => None,
        };
        Some(self.0.site(place, "Bulkhead", None, missing))
    }

    /// Output: `let _slot = match take(bulkhead.get()) { .. };`, followed by the statements of the attributes below.
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let mixed = Span::mixed_site();
        let (runtime, waits, layer) = (place.runtime(), place.waits(), self.0.layer(place));
        let now = quote_spanned!(mixed=> #runtime::__private::take(#layer));
        let slot = self.0.admit(place, Cause::Limit, None, &now, |wait| match wait {
            Some(wait) => quote_spanned!(mixed=> #waits::acquire_within(#layer, #wait)),
            None => quote_spanned!(mixed=> #waits::acquire(#layer)),
        });
        self.0.emit(place, block, Some(&Ident::new("_slot", mixed)), &slot)
    }
}
