//! Parses the options of `#[retry]`.

use proc_macro2::{Ident, Span, TokenStream};
use syn::LitStr;

use super::options::{Opt, RULES, SETTINGS};
use super::rules;
use crate::error::Errors;
use crate::layers::attribute::{Attribute, Parsed, parsed};
use crate::layers::budget::Budget;
use crate::layers::settings::Settings;
use crate::parse::args::Args;
use crate::parse::constant::{Given, Kind};
use crate::parse::value;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "retry", parse };

pub(super) struct Retry {
    pub(super) span: Span,
    pub(super) name: Option<Given<LitStr>>,
    pub(super) settings: Settings<Opt>,
    /// The options of this attribute whose value is a function, each with this function. Leaves out `retry_after` and
    /// `retry_after_ok`.
    pub(super) rules: Vec<(Opt, TokenStream)>,
    pub(super) retry_after: Option<TokenStream>,
    pub(super) retry_after_ok: Option<TokenStream>,
    pub(super) budget: Option<Budget>,
    /// The expression in the option `with`, for a policy that the user created.
    pub(super) with: Option<TokenStream>,
    pub(super) attempt: Option<Ident>,
    pub(super) clone: Vec<Ident>,
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    let with = args.has(Opt::With);
    let (settings, readable) = Settings::read(&mut args, &SETTINGS, errors);
    if with {
        let message = "does not go with `with`: the policy that you hold has its own";
        args.refuse(&RULES, message, errors);
        args.refuse(&[Opt::Name, Opt::RetryAfter, Opt::RetryAfterOk], message, errors);
        for ident in settings.idents() {
            errors.push(ident.span(), format_args!("`{ident}` {message}"));
        }
    }
    // Skips the check for contradictions if the value of an option could not be parsed. The macro has already reported
    // the invalid value. The check would use the default of the option instead, and might report a contradiction that
    // does not exist.
    if readable && !args.is_broken() {
        rules::check(&settings, errors);
    }
    if !with {
        for cost in [Opt::Cost, Opt::CostOk] {
            args.need(cost, Opt::Budget, "nothing is paid otherwise", errors);
        }
        for of_ok in [Opt::CostOk, Opt::RetryAfterOk] {
            args.need(of_ok, Opt::RetryIfOk, "no `Ok` is retried otherwise", errors);
        }
    }
    let name = args.read(Opt::Name, errors, |key, value| Given::read(key, value, Kind::Text, value::name));
    let rule = |option| Some((option, args.read(option, errors, value::function)?));
    let retry = Retry {
        span,
        name,
        settings,
        rules: RULES.into_iter().filter_map(rule).collect(),
        retry_after: args.read(Opt::RetryAfter, errors, value::function),
        retry_after_ok: args.read(Opt::RetryAfterOk, errors, value::function),
        budget: args.read(Opt::Budget, errors, Budget::read),
        with: args.read(Opt::With, errors, value::expression),
        attempt: args.read(Opt::Attempt, errors, value::binding),
        clone: args.list(Opt::Clone, errors),
    };
    parsed(Some(retry), args.read(Opt::Crate, errors, value::path))
}
