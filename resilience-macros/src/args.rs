//! The options of an attribute: `key = value` and `key(list)`, in any order, each at most once.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, ExprUnary, Lit, LitStr, Path, Result, Token, UnOp, parenthesized, token};

use crate::error::Errors;

/// What an attribute says, with the spans to complain about it.
pub(crate) struct Args {
    /// Where the attribute stands.
    pub(crate) span: Span,
    args: Vec<(Ident, Value)>,
}

enum Value {
    Expr(Expr),
    List(Vec<Ident>),
}

impl Args {
    /// Reads the options, of which `known` are allowed, and goes on after every mistake.
    pub(crate) fn parse(span: Span, tokens: TokenStream, known: &[&str], errors: &mut Errors) -> Self {
        let mut args = Vec::<(Ident, Value)>::new();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                match argument(input, known) {
                    Ok((key, _)) if args.iter().any(|(other, _)| *other == key) => {
                        errors.push(key.span(), format_args!("duplicate option `{key}`"));
                    }
                    Ok(arg) => args.push(arg),
                    Err(error) => {
                        errors.add(error);
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
        Self { span, args }
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
            Some((_, Value::List(list))) => list,
            Some((ident, Value::Expr(_))) => {
                errors.push(ident.span(), format_args!("expected a list: write `{key}(..)`"));
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.args.iter().any(|(ident, _)| ident == key)
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
        let list = Punctuated::<Ident, Token![,]>::parse_terminated_with(&list, Ident::parse_any)?;
        return Ok((key, Value::List(list.into_iter().collect())));
    }
    if !input.peek(Token![=]) {
        return Err(Error::new(key.span(), format_args!("expected a value: write `{key} = ..`")));
    }
    let equals = input.parse::<Token![=]>()?;
    if input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new(equals.span(), format_args!("expected a value: write `{key} = ..`")));
    }
    Ok((key, Value::Expr(input.parse()?)))
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
    let error = || Error::new(value.span(), format_args!("`{key}` must be a whole number from 1 to {}", u32::MAX));
    match literal(value) {
        (false, Some(Lit::Int(int))) => int.base10_parse().ok().filter(|count| *count > 0).ok_or_else(error),
        _ => Err(error()),
    }
}

/// A finite number of at least 1.
pub(crate) fn factor(key: &str, value: &Expr) -> Result<f64> {
    let number = match literal(value) {
        (false, Some(Lit::Int(int))) => int.base10_parse::<f64>().ok(),
        (false, Some(Lit::Float(float))) => float.base10_parse::<f64>().ok(),
        _ => None,
    };
    number
        .filter(|number| number.is_finite() && *number >= 1.0)
        .ok_or_else(|| Error::new(value.span(), format_args!("`{key}` must be a finite number of at least 1")))
}

/// Whole or decimal seconds, or a text with a unit.
pub(crate) fn duration(key: &str, value: &Expr) -> Result<Duration> {
    const UNITS: [(&str, f64); 7] =
        [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];
    let error = |message: String| Error::new(value.span(), message);
    let (negative, literal) = literal(value);
    let seconds = match literal {
        Some(Lit::Int(int)) => int.base10_parse::<f64>()?,
        Some(Lit::Float(float)) => float.base10_parse::<f64>()?,
        Some(Lit::Str(text)) => {
            let text = text.value();
            let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
            let number = &text[..text.len() - unit.len()];
            match (number.parse::<f64>(), UNITS.iter().find(|(name, _)| *name == unit.trim())) {
                (Ok(number), Some((_, seconds))) => number * seconds,
                (Ok(_), None) => {
                    let names = UNITS.map(|(name, _)| format!("`{name}`")).join(", ");
                    return Err(error(format!("`{}` is no unit of time; the units are {names}", unit.trim())));
                }
                (Err(_), _) => return Err(error(format!("`{key}` must be a number with a unit, such as \"250ms\""))),
            }
        }
        _ => return Err(error(format!("`{key}` must be seconds, such as `1.5`, or a text such as \"250ms\""))),
    };
    if negative || seconds < 0.0 {
        return Err(error(format!("`{key}` must not be negative")));
    }
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| duration.as_nanos() <= u128::from(u64::MAX))
        .ok_or_else(|| error(format!("`{key}` must be at most 584 years")))
}

/// A text with something in it.
pub(crate) fn name(key: &str, value: &Expr) -> Result<LitStr> {
    match literal(value) {
        (false, Some(Lit::Str(name))) if name.value().trim().is_empty() => {
            Err(Error::new(name.span(), format_args!("`{key}` must not be blank")))
        }
        (false, Some(Lit::Str(name))) => Ok(name.clone()),
        _ => Err(Error::new(value.span(), format_args!("`{key}` must be a text, such as \"exa_api\""))),
    }
}

/// A path to a function, or a closure.
pub(crate) fn function(key: &str, value: &Expr) -> Result<Expr> {
    match peel(value) {
        function @ (Expr::Path(_) | Expr::Closure(_)) => Ok(function.clone()),
        _ => Err(Error::new(value.span(), format_args!("`{key}` must be the path of a function, or a closure"))),
    }
}

/// The path of the runtime.
pub(crate) fn path(key: &str, value: &Expr) -> Result<Path> {
    match peel(value) {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path.clone()),
        _ => Err(Error::new(value.span(), format_args!("`{key}` must be a path, such as `::my_crate::resilience`"))),
    }
}

/// The literal, and whether a minus stands before it.
fn literal(value: &Expr) -> (bool, Option<&Lit>) {
    match peel(value) {
        Expr::Lit(ExprLit { lit, .. }) => (false, Some(lit)),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => {
            let (negative, lit) = literal(expr);
            (!negative, lit)
        }
        _ => (false, None),
    }
}

/// A `macro_rules!` wraps what it passes on in groups that nobody sees.
fn peel(value: &Expr) -> &Expr {
    match value {
        Expr::Group(group) => peel(&group.expr),
        value => value,
    }
}
