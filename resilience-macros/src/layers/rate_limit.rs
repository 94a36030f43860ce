//! Implements `#[rate_limit]`, which limits the number of calls per second.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::LitStr;

use super::attribute::{Attribute, Parsed, parsed};
use super::guard::{self, Declaration};
use super::{limits, synonyms};
use crate::emit::layer::{Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Cause, Facts, Runs, Time};
use crate::parse::args::{Args, options};
use crate::parse::constant::{Given, Kind};
use crate::parse::value;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "rate_limit", parse };

options! {
    enum Opt: synonyms::RATE_LIMIT {
        Name = "name",
        PerSecond = "per_second",
        Burst = "burst",
        With = "with",
        Error = "error",
        Crate = "crate",
    }
}

struct RateLimit {
    span: Span,
    rate: Rate,
    error: Option<TokenStream>,
}

#[expect(clippy::large_enum_variant, reason = "a function has few attributes")]
enum Rate {
    /// The options of a rate limit that belongs to the decorated function alone.
    Own { name: Option<Given<LitStr>>, per_second: Option<Given<u32>>, burst: Option<Given<u32>> },
    /// The expression in the option `with`, for a rate limit that the user created.
    With(TokenStream),
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    if args.has(Opt::With) {
        let message = "does not go with `with`: the limit that you hold has its own";
        args.refuse(&[Opt::Name, Opt::PerSecond, Opt::Burst], message, errors);
    } else if !args.has(Opt::Name) {
        let message = "`#[rate_limit]` needs a rate: write `#[rate_limit(per_second = ..)]`";
        args.require(Opt::PerSecond, message, errors);
    }
    let per_second = args.read(Opt::PerSecond, errors, |key, value| {
        let range = &limits::RATE_LIMIT_PER_SECOND;
        Given::read(key, value, Kind::whole(range), |key, value| value::whole(key, value, range))
    });
    let burst = args.read(Opt::Burst, errors, |key, value| Given::read(key, value, Kind::count(), value::count));
    let with = args.read(Opt::With, errors, value::expression);
    let name = args.read(Opt::Name, errors, |key, value| Given::read(key, value, Kind::Text, value::name));
    let own = (per_second.is_some() || name.is_some()).then_some(Rate::Own { name, per_second, burst });
    let error = args.read(Opt::Error, errors, value::function);
    let limit = with.map(Rate::With).or(own).map(|rate| RateLimit { span, rate, error });
    parsed(limit, args.read(Opt::Crate, errors, value::path))
}

impl Layer for RateLimit {
    fn facts(&self) -> Facts {
        let constants = match &self.rate {
            Rate::Own { name, per_second, burst } => {
                let numbers = [per_second, burst].into_iter().flatten().filter_map(Given::constant);
                name.as_ref().and_then(Given::constant).into_iter().chain(numbers).cloned().collect()
            }
            Rate::With(_) => Vec::new(),
        };
        let name_of_limit = match &self.rate {
            Rate::Own { name, .. } => name.as_ref().map(Given::label),
            Rate::With(_) => None,
        };
        Facts {
            constants,
            name_of_limit,
            is_shared: true,
            rejection: self.error.clone(),
            ..Facts::new(ATTRIBUTE.name, self.span, Runs::Once, Some(Cause::Limit), &[], Time::Same)
        }
    }

    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        let mixed = Span::mixed_site();
        let local = place.local();
        Some(match &self.rate {
            Rate::With(with) => guard::owned(place, "RateLimit", &local, with),
            Rate::Own { name, per_second, burst } => {
                let rate = guard::count(place, "per_second", per_second.as_ref());
                let burst = guard::count(place, "burst", burst.as_ref());
                let declaration = Declaration {
                    layer: "RateLimit",
                    name: name.as_ref(),
                    options: quote_spanned!(mixed=> #rate #burst),
                    missing: per_second.is_none().then_some("per_second"),
                    is_evaluated: false,
                };
                let site = declaration.site(place);
                quote_spanned!(mixed=> let #local = #site;)
            }
        })
    }

    /// Output: `let () = match rate_limit.get().try_acquire() { .. };`, followed by the statements of the attributes
    /// below.
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let mixed = Span::mixed_site();
        let local = place.local();
        let acquired = quote_spanned!(mixed=> #local.get().try_acquire());
        let admit = guard::admit(place, Cause::Limit, &acquired, self.error.as_ref());
        let inner = place.bound(block);
        Statements::Bind(quote_spanned!(mixed=> let () = #admit; #inner))
    }
}
