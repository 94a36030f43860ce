//! `#[retry]` repeats a call that failed.

mod emit;
mod grammar;
mod rules;

use proc_macro2::{Ident, Span, TokenStream};

use self::grammar::{Budget, Opt, RULES, SETTINGS, budget};
use super::settings::Settings;
use super::{Attribute, Parsed, parsed};
use crate::error::Errors;
use crate::parse::args::Args;
use crate::parse::value;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "retry", parse };

struct Retry {
    span: Span,
    settings: Settings<Opt>,
    /// The user's functions that judge an outcome, in the order in which the runtime calls them.
    rules: Vec<(Opt, TokenStream)>,
    retry_after: Option<TokenStream>,
    budget: Option<Budget>,
    /// The name under which the body reads the number of the attempt.
    attempt: Option<Ident>,
    clone: Vec<Ident>,
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    let (settings, readable) = Settings::read(&mut args, &SETTINGS, errors);
    // A setting that could not be read has been reported, and must not be missed here.
    if readable && !args.is_broken() {
        rules::check(&settings, errors);
    }
    if let (Some(cost), false) = (args.ident(Opt::Cost), args.has(Opt::Budget) || args.is_broken()) {
        errors.push(cost.span(), "`cost` needs `budget = ..` beside it: nothing is paid otherwise");
    }
    let rule = |option| Some((option, args.read(option, errors, value::function)?));
    let retry = Retry {
        span,
        settings,
        rules: RULES.into_iter().filter_map(rule).collect(),
        retry_after: args.read(Opt::RetryAfter, errors, value::function),
        budget: args.read(Opt::Budget, errors, budget),
        attempt: args.read(Opt::Attempt, errors, value::binding),
        clone: args.list(Opt::Clone, errors),
    };
    parsed(Some(retry), args.read(Opt::Crate, errors, value::path))
}
