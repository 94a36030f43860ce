//! The options of an attribute: `key = value` and `key(list)`, in any order, each at most once; before them, in some, a
//! value that needs no key.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, ExprPath, ExprUnary, Lit, LitStr, Path, Result, Token, UnOp, parenthesized, token};

use crate::error::Errors;

/// What an attribute says, with the spans to complain about it.
pub(crate) struct Args {
    /// Where the attribute stands.
    span: Span,
    args: Vec<(Ident, Value)>,
    /// Something could not be read, and may have been meant for any option.
    broken: bool,
}

enum Value {
    Expr(Expr),
    List(TokenStream),
}

impl Args {
    /// Reads the options, of which `known` are allowed, and goes on after every mistake.
    pub(crate) fn parse(span: Span, tokens: TokenStream, known: &[&str], errors: &mut Errors) -> Self {
        Self::parse_after(None, span, tokens, known, errors)
    }

    /// Like [`Args::parse`], where the first value may stand without the key `first`, and only so.
    pub(crate) fn parse_after(
        first: Option<&str>,
        span: Span,
        tokens: TokenStream,
        known: &[&str],
        errors: &mut Errors,
    ) -> Self {
        let mut args = Vec::<(Ident, Value)>::new();
        let mut broken = false;
        let parser = |input: ParseStream<'_>| {
            let is_known = |key: Ident| known.iter().any(|name| key == name);
            // A call of something else is a value.
            let keyed = |input: ParseStream<'_>| {
                input.peek(syn::Ident::peek_any)
                    && (input.peek2(Token![=])
                        || input.peek2(token::Paren) && input.fork().call(Ident::parse_any).is_ok_and(is_known))
            };
            if let Some(first) = first.filter(|_| !input.is_empty() && !keyed(input)) {
                let value = input.parse::<Expr>().map_err(|error| errors.add(error));
                if let Ok(value) = value {
                    args.push((Ident::new(first, value.span()), Value::Expr(value)));
                } else {
                    broken = true;
                    skip_to_comma(input);
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            while !input.is_empty() {
                match argument(input, known) {
                    Ok((key, _)) if args.iter().any(|(other, _)| *other == key) => {
                        errors.push(key.span(), format_args!("duplicate option `{key}`: write it once"));
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

    /// Asks for an option that must be there.
    pub(crate) fn require(&self, key: &str, message: &str, errors: &mut Errors) {
        if !self.broken && !self.args.iter().any(|(ident, _)| ident == key) {
            errors.push(self.span, message);
        }
    }

    /// Complains about options that may not be there.
    pub(crate) fn refuse(&self, keys: &[&str], message: &str, errors: &mut Errors) {
        for key in keys.iter().filter_map(|key| self.key(key)) {
            errors.push(key.span(), format_args!("`{key}` {message}"));
        }
    }

    /// Something could not be read, and may have been meant for any option.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// The name of an option, as it was written.
    pub(crate) fn key(&self, key: &str) -> Option<Ident> {
        self.args.iter().find(|(ident, _)| ident == key).map(|(ident, _)| ident.clone())
    }

    pub(crate) fn read<T>(
        &mut self,
        key: &str,
        errors: &mut Errors,
        read: impl FnOnce(&str, &Expr) -> Result<T>,
    ) -> Option<T> {
        let (ident, value) = self.take(key)?;
        errors.ok(match value {
            Value::Expr(expr) => read(key, &expr),
            Value::List(_) => Err(Error::new(ident.span(), format_args!("expected a value: write `{key} = ..`"))),
        })
    }

    pub(crate) fn list(&mut self, key: &str, errors: &mut Errors) -> Vec<Ident> {
        match self.take(key) {
            Some((_, Value::List(list))) => match Punctuated::<Expr, Token![,]>::parse_terminated.parse2(list) {
                Ok(list) => list.iter().filter_map(|value| errors.ok(argument_name(key, value))).collect(),
                Err(error) => {
                    errors.push(error.span(), names_only(key));
                    Vec::new()
                }
            },
            Some((ident, Value::Expr(_))) => {
                errors.push(ident.span(), format_args!("expected a list: write `{key}(..)`"));
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    fn take(&mut self, key: &str) -> Option<(Ident, Value)> {
        let index = self.args.iter().position(|(ident, _)| ident == key)?;
        Some(self.args.swap_remove(index))
    }
}

fn argument(input: ParseStream<'_>, known: &[&str]) -> Result<(Ident, Value)> {
    let valid = || known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    if !input.peek(syn::Ident::peek_any) {
        return Err(input.error(format_args!("expected `option = value`; the options are {}", valid())));
    }
    let key = input.call(Ident::parse_any)?;
    if !known.iter().any(|name| key == name) {
        let hint = match nearest(&key.to_string(), known) {
            Some(name) => format!("did you mean `{name}`? the options are {}", valid()),
            None => format!("the options are {}", valid()),
        };
        return Err(Error::new(key.span(), format_args!("unknown option `{key}`; {hint}")));
    }
    if input.peek(token::Paren) {
        let list;
        parenthesized!(list in input);
        return Ok((key, Value::List(list.parse()?)));
    }
    if !input.peek(Token![=]) {
        return Err(Error::new(key.span(), format_args!("expected a value: write `{key} = ..`")));
    }
    let equals = input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(equals.span, format_args!("expected a value: write `{key} = ..`")));
    }
    Ok((key, Value::Expr(input.parse()?)))
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

/// The known name that is fewest edits away from `key`, if those are few.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|name| (edits(key, name), *name)).min()?;
    (near.0 <= 1 + near.1.len() / 3).then_some(near.1)
}

/// The Levenshtein distance.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

/// A whole number of at least 1.
pub(crate) fn count(key: &str, value: &Expr) -> Result<u32> {
    let allowed = format!("`{key}` must be a whole number from 1 to {}", u32::MAX);
    match number(value)? {
        Some(Number::Whole(digits)) => digits.parse().ok().filter(|count| *count > 0),
        _ => None,
    }
    .ok_or_else(|| Error::new_spanned(value, allowed))
}

/// A number that is not negative, if it is one.
pub(crate) fn decimal(value: &Expr) -> Result<Option<f64>> {
    Ok(match number(value)? {
        Some(Number::Whole(digits) | Number::Decimal(digits)) => digits.parse().ok(),
        _ => None,
    })
}

/// `true` or `false`.
pub(crate) fn flag(key: &str, value: &Expr) -> Result<bool> {
    match literal(value) {
        Some(Lit::Bool(flag)) => Ok(flag.value),
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be `true` or `false`"))),
    }
}

/// A finite number of at least 1.
pub(crate) fn factor(key: &str, value: &Expr) -> Result<f64> {
    let allowed = format!("`{key}` must be a finite number of at least 1");
    decimal(value)?
        .filter(|number| number.is_finite() && *number >= 1.0)
        .ok_or_else(|| Error::new_spanned(value, allowed))
}

/// Whole or decimal seconds, or a text with a unit.
pub(crate) fn duration(key: &str, value: &Expr) -> Result<Duration> {
    let error = |allowed: &str| Error::new_spanned(value, format_args!("`{key}` must {allowed}"));
    let seconds = match (number(value)?, literal(value)) {
        (Some(Number::Negative), _) => -1.0,
        (Some(Number::Whole(digits) | Number::Decimal(digits)), _) => digits.parse().unwrap_or(f64::INFINITY),
        (None, Some(Lit::Str(text))) => {
            let seconds = seconds(&text.value()).map_err(|message| Error::new(text.span(), message))?;
            seconds.ok_or_else(|| error("be a number with a unit, such as \"250ms\""))?
        }
        _ => return Err(error("be seconds, such as `1.5`, or a text such as \"250ms\"")),
    };
    if seconds < 0.0 {
        return Err(error("not be negative"));
    }
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| duration.as_nanos() <= u128::from(u64::MAX))
        .ok_or_else(|| error("be at most 584 years"))
}

/// Like [`duration`], and not zero.
pub(crate) fn some_duration(key: &str, value: &Expr) -> Result<Duration> {
    match duration(key, value)? {
        Duration::ZERO => Err(Error::new_spanned(value, format_args!("`{key}` must be longer than zero"))),
        time => Ok(time),
    }
}

/// The seconds in `250ms`; none if that is no number with a unit, an error if the unit is unknown.
fn seconds(text: &str) -> std::result::Result<Option<f64>, String> {
    const UNITS: [(&str, f64); 7] =
        [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
    let (number, unit) = (text[..text.len() - unit.len()].parse::<f64>(), unit.trim());
    match (number, UNITS.iter().find(|(name, _)| *name == unit)) {
        (Ok(number), Some((_, seconds))) => Ok(Some(number * seconds)),
        (Ok(_), None) if !unit.is_empty() => {
            let names = UNITS.map(|(name, _)| format!("`{name}`")).join(", ");
            Err(format!("`{unit}` is no unit of time; the units are {names}"))
        }
        _ => Ok(None),
    }
}

/// A text with something in it.
pub(crate) fn name(key: &str, value: &Expr) -> Result<LitStr> {
    match literal(value) {
        Some(Lit::Str(name)) if name.value().trim().is_empty() => {
            Err(Error::new(name.span(), format_args!("`{key}` must not be blank")))
        }
        Some(Lit::Str(name)) => Ok(LitStr::new(&name.value(), name.span())),
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be a text, such as \"exa_api\""))),
    }
}

/// A path to a function, also by reference, or a closure.
pub(crate) fn function(key: &str, value: &Expr) -> Result<TokenStream> {
    match peel(value) {
        function @ (Expr::Path(_) | Expr::Closure(_)) => Ok(function.to_token_stream()),
        // As rustc suggests where a loop would move an argument.
        Expr::Reference(reference) if matches!(peel(&reference.expr), Expr::Path(_)) => Ok(value.to_token_stream()),
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be the path of a function, or a closure"))),
    }
}

/// A name for something that the body shall see.
pub(crate) fn binding(key: &str, value: &Expr) -> Result<Ident> {
    identifier(value)
        .filter(|name| name != "self")
        .ok_or_else(|| Error::new_spanned(value, format_args!("`{key}` must be a name, such as `n`")))
}

fn identifier(value: &Expr) -> Option<Ident> {
    match peel(value) {
        Expr::Path(ExprPath { qself: None, path, .. }) => path.get_ident().cloned(),
        _ => None,
    }
}

/// Anything.
#[expect(clippy::unnecessary_wraps, reason = "one of the functions that read an option")]
pub(crate) fn expression(_: &str, value: &Expr) -> Result<TokenStream> {
    Ok(value.to_token_stream())
}

/// The path of a function.
pub(crate) fn function_path(key: &str, value: &Expr) -> Result<TokenStream> {
    match peel(value) {
        Expr::Path(path) => Ok(path.to_token_stream()),
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be the path of an `async fn`"))),
    }
}

/// One of some texts: which one.
pub(crate) fn choice(key: &str, value: &Expr, choices: &[&str]) -> Result<usize> {
    let found = match literal(value) {
        Some(Lit::Str(text)) => choices.iter().position(|choice| *choice == text.value()),
        _ => None,
    };
    found.ok_or_else(|| {
        let choices = choices.iter().map(|choice| format!("\"{choice}\"")).collect::<Vec<_>>().join(" or ");
        Error::new_spanned(value, format_args!("`{key}` must be {choices}"))
    })
}

/// The path of the runtime.
pub(crate) fn path(key: &str, value: &Expr) -> Result<Path> {
    match peel(value) {
        Expr::Path(path) if path.qself.is_none() => syn::parse2(path.path.to_token_stream()),
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be a path, such as `::my_crate::resilience`"))),
    }
}

/// A number as it was written.
enum Number {
    Negative,
    Whole(String),
    Decimal(String),
}

/// The number that `value` is, if it is one; one with a suffix is a mistake.
fn number(value: &Expr) -> Result<Option<Number>> {
    let (digits, suffix, kind): (_, _, fn(String) -> Number) = match peel(value) {
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => {
            return Ok(number(expr)?.map(|_| Number::Negative));
        }
        Expr::Lit(ExprLit { lit: Lit::Int(int), .. }) => (int.base10_digits(), int.suffix(), Number::Whole),
        Expr::Lit(ExprLit { lit: Lit::Float(float), .. }) => (float.base10_digits(), float.suffix(), Number::Decimal),
        _ => return Ok(None),
    };
    if suffix.is_empty() {
        return Ok(Some(kind(digits.to_owned())));
    }
    let with_unit = format!("{digits}{suffix}");
    let unit = match seconds(&with_unit) {
        Ok(Some(_)) => format!(", or \"{with_unit}\" for a duration"),
        _ => String::new(),
    };
    Err(Error::new_spanned(value, format_args!("a number has no suffix here: write `{digits}`{unit}")))
}

pub(crate) fn literal(value: &Expr) -> Option<&Lit> {
    match peel(value) {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        _ => None,
    }
}

/// A `macro_rules!` wraps what it passes on in groups that nobody sees.
pub(crate) fn peel(value: &Expr) -> &Expr {
    match value {
        Expr::Group(group) => peel(&group.expr),
        value => value,
    }
}
