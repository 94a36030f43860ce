//! Parses the options of an attribute. An option has the form `option = value`, `option(list)` or, for a flag,
//! `option`. An attribute contains options in any order, and each option at most once.
//!
//! In some attributes, users write only the value of the first option, such as the time in `#[timeout(5)]`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, LitBool, Result, Token, parenthesized, parse_quote, token};

use super::suggestion::{Synonyms, suggest};
use super::value::{identifier, without_wait};
use crate::error::Errors;

/// An option of an attribute, such as `max` of `#[retry]`. For each attribute, [`options!`] declares an enum that
/// implements this trait.
pub(crate) trait OptionName: Copy + PartialEq + 'static {
    /// The options that users write with their names, in the order in which error messages list the options. Leaves out
    /// the option [`FIRST`](Self::FIRST), because users write only its value.
    const ALL: &'static [Self];
    /// The first option of the attribute, if users write only its value, such as the time in `#[timeout(5)]`.
    const FIRST: Option<Self>;
    const SYNONYMS: &'static [Synonyms];

    fn name(self) -> &'static str;

    /// Returns whether the user may write the name of the option without a value, in place of `name = true`.
    fn is_flag(self) -> bool;

    fn find(name: &Ident) -> Option<Self> {
        Self::ALL.iter().copied().find(|option| name == option.name())
    }
}

/// Declares the options of one attribute as an enum. The names of the options are written only in this declaration. All
/// other code uses the variants of the enum, so that a misspelt option does not compile.
///
/// Input: `options! { enum Opt: synonyms::TIMEOUT { (After) = "timeout", Error = "error" } }`
///
/// Output: an enum `Opt` that implements [`OptionName`], with the variants `After` and `Error`. The parentheses mark
/// the first option of the attribute, if users write only its value. The text of this option, here `"timeout"`, appears
/// in errors only. In `Stream: flag = "stream"`, the word `flag` marks an option that needs no value. The path
/// `synonyms::TIMEOUT` refers to a table with the names that other libraries give to these options.
macro_rules! options {
    ($(#[$doc:meta])* $vis:vis enum $name:ident: $synonyms:path {
        $(($first:ident) = $first_text:literal,)? $($option:ident $(: $flag:ident)? = $text:literal,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq)]
        $vis enum $name { $($first,)? $($option,)* }

        impl $crate::parse::args::OptionName for $name {
            const ALL: &'static [Self] = &[$(Self::$option),*];
            const FIRST: Option<Self> = $crate::parse::args::options!(@first $($first)?);
            const SYNONYMS: &'static [$crate::parse::suggestion::Synonyms] = $synonyms;

            fn name(self) -> &'static str {
                match self {
                    $(Self::$first => $first_text,)?
                    $(Self::$option => $text,)*
                }
            }

            fn is_flag(self) -> bool {
                match self {
                    $(Self::$first => false,)?
                    $(Self::$option => $crate::parse::args::options!(@flag $($flag)?),)*
                }
            }
        }
    };
    (@flag) => { false };
    (@flag flag) => { true };
    (@first) => { None };
    (@first $first:ident) => { Some(Self::$first) };
}
pub(crate) use options;

/// The parsed options of one attribute, with the span of each option for errors.
pub(crate) struct Args<O> {
    /// The span of the attribute, for errors about a missing option.
    span: Span,
    args: Vec<(O, Ident, Value)>,
    /// Whether some tokens could not be parsed. An option that seems to be missing may be among these tokens.
    broken: bool,
}

enum Value {
    Expr(Expr),
    List(TokenStream),
}

impl<O: OptionName> Args<O> {
    /// Parses the options in `tokens`. Adds each mistake to `errors`, and continues with the next option.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Vec::<(O, Ident, Value)>::new();
        let mut broken = false;
        let parser = |input: ParseStream<'_>| {
            if let Some(first) = O::FIRST.filter(|_| !input.is_empty() && !is_option::<O>(input)) {
                if let Some(value) = errors.ok(input.parse::<Expr>()) {
                    args.push((first, Ident::new(first.name(), value.span()), Value::Expr(value)));
                } else {
                    broken = true;
                    skip_to_comma(input);
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            while !input.is_empty() {
                match argument(input) {
                    Ok((option, ident, _)) if args.iter().any(|(other, ..)| *other == option) => {
                        errors.push(ident.span(), format_args!("duplicate option `{ident}`: write it once"));
                    }
                    Ok(arg) => args.push(arg),
                    Err(error) => {
                        errors.add(error);
                        broken = true;
                        skip_to_comma(input);
                    }
                }
                if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                    errors.push(input.span(), "expected `,` between two options");
                    if !input.peek(syn::Ident::peek_any) {
                        skip_to_comma(input);
                        let _ = input.parse::<Token![,]>();
                    }
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.add(error);
        }
        Self { span, args, broken }
    }

    /// Reports `message` if `option` is missing and all tokens could be parsed.
    pub(crate) fn require(&self, option: O, message: &str, errors: &mut Errors) {
        if !self.broken && !self.has(option) {
            errors.push(self.span, message);
        }
    }

    /// Reports an error if `option` is set, but `other` is not. The text `why` states the reason why `option` needs
    /// `other`.
    pub(crate) fn need(&self, option: O, other: O, why: &str, errors: &mut Errors) {
        if let (Some(ident), false) = (self.ident(option), self.has(other) || self.broken) {
            errors.push(ident.span(), format_args!("`{ident}` needs `{} = ..` beside it: {why}", other.name()));
        }
    }

    pub(crate) fn refuse(&self, options: &[O], message: &str, errors: &mut Errors) {
        for ident in options.iter().filter_map(|option| self.ident(*option)) {
            errors.push(ident.span(), format_args!("`{ident}` {message}"));
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    pub(crate) fn has(&self, option: O) -> bool {
        self.ident(option).is_some()
    }

    /// Returns the name of `option` with the span of the user's tokens, or `None` if the attribute lacks this option.
    pub(crate) fn ident(&self, option: O) -> Option<Ident> {
        self.args.iter().find(|(other, ..)| *other == option).map(|(_, ident, _)| ident.clone())
    }

    /// Returns the value of `option`. Returns `None` if the option is missing, or if its value is a list in
    /// parentheses.
    pub(crate) fn value(&self, option: O) -> Option<&Expr> {
        self.args.iter().find_map(|(other, _, value)| match value {
            Value::Expr(expr) if *other == option => Some(expr),
            _ => None,
        })
    }

    /// Removes `option` from the parsed options, and returns the value that the function `read` parses. Returns `None`
    /// if the option is missing. If `read` returns an error, reports the error and returns `None`.
    pub(crate) fn read<T>(
        &mut self,
        option: O,
        errors: &mut Errors,
        read: impl FnOnce(&'static str, &Expr) -> Result<T>,
    ) -> Option<T> {
        self.read_code(option, errors, |name, expr| without_wait(name, expr).and_then(|()| read(name, expr)))
    }

    /// Works like [`read`](Self::read), but does not report an `.await` in the value. The argument `read` must report
    /// the `.await`.
    pub(crate) fn read_code<T>(
        &mut self,
        option: O,
        errors: &mut Errors,
        read: impl FnOnce(&'static str, &Expr) -> Result<T>,
    ) -> Option<T> {
        let (ident, value) = self.take(option)?;
        let name = option.name();
        errors.ok(match value {
            Value::Expr(expr) => read(name, &expr),
            Value::List(_) => Err(Error::new(ident.span(), format_args!("expected a value: write `{name} = ..`"))),
        })
    }

    /// Removes an option such as `clone(url, id)`, and returns the names in its list. Reports each item of the list
    /// that is not a name.
    pub(crate) fn list(&mut self, option: O, errors: &mut Errors) -> Vec<Ident> {
        let name = option.name();
        match self.take(option) {
            Some((_, Value::List(list))) => match Punctuated::<Expr, Token![,]>::parse_terminated.parse2(list) {
                Ok(list) => list.iter().filter_map(|value| errors.ok(argument_name(name, value))).collect(),
                Err(error) => {
                    errors.push(error.span(), names_only(name));
                    Vec::new()
                }
            },
            Some((ident, Value::Expr(_))) => {
                errors.push(ident.span(), format_args!("expected a list: write `{name}(..)`"));
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn take(&mut self, option: O) -> Option<(Ident, Value)> {
        let index = self.args.iter().position(|(other, ..)| *other == option)?;
        let (_, ident, value) = self.args.swap_remove(index);
        Some((ident, value))
    }
}

/// Returns whether the input begins with an option. An option begins with a name and `=`, or with the name of a known
/// option and parentheses. If `f` is not a known option, `f(x)` is a value.
fn is_option<O: OptionName>(input: ParseStream<'_>) -> bool {
    let is_known = |name| O::find(&name).is_some();
    input.peek(syn::Ident::peek_any)
        && (input.peek2(Token![=])
            || input.peek2(token::Paren) && input.fork().call(Ident::parse_any).is_ok_and(is_known))
}

fn argument<O: OptionName>(input: ParseStream<'_>) -> Result<(O, Ident, Value)> {
    let known: Vec<_> = O::ALL.iter().map(|option| option.name()).collect();
    let valid = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if !input.peek(syn::Ident::peek_any) {
        return Err(input.error(format_args!("expected `option = value`; the options are {}", valid())));
    }
    let ident = input.call(Ident::parse_any)?;
    let Some(option) = O::find(&ident) else {
        let question = suggest(&ident.to_string(), &known, O::SYNONYMS).map(|question| question + " ");
        let hint = question.unwrap_or_default();
        let message = format!("unknown option `{ident}`; {hint}the options are {}", valid());
        return Err(Error::new(ident.span(), message));
    };
    if input.peek(token::Paren) {
        let list;
        parenthesized!(list in input);
        return Ok((option, ident, Value::List(list.parse()?)));
    }
    if option.is_flag() && (input.is_empty() || input.peek(Token![,])) {
        let flag = LitBool::new(true, ident.span());
        return Ok((option, ident, Value::Expr(parse_quote!(#flag))));
    }
    if !input.peek(Token![=]) {
        return Err(Error::new(ident.span(), format_args!("expected a value: write `{ident} = ..`")));
    }
    let equals = input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(equals.span, format_args!("expected a value: write `{ident} = ..`")));
    }
    Ok((option, ident, Value::Expr(input.parse()?)))
}

fn argument_name(key: &str, value: &Expr) -> Result<Ident> {
    identifier(value).ok_or_else(|| Error::new_spanned(value, names_only(key)))
}

fn names_only(key: &str) -> String {
    format!("`{key}` takes the names of arguments")
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        let _ = input.parse::<TokenTree>();
    }
}
