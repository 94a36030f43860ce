//! Parses the values of options. A parameter `key` is the name of the option, which appears in error messages.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Error, Expr, ExprLit, ExprPath, ExprUnary, Lit, LitStr, Path, Result, UnOp};

use crate::tokens::exit;

/// Parses a whole number from 1 to `u32::MAX`.
pub(crate) fn count(key: &str, value: &Expr) -> Result<u32> {
    match number(value)? {
        Some(Number::Whole(digits)) => digits.parse().ok().filter(|count| *count > 0),
        _ => None,
    }
    .ok_or_else(|| invalid(key, value, format_args!("a whole number from 1 to {}", u32::MAX)))
}

pub(crate) fn whole(key: &str, value: &Expr, range: &RangeInclusive<u32>) -> Result<u32> {
    match count(key, value) {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => {
            let (least, most) = (range.start(), range.end());
            Err(invalid(key, value, format_args!("a whole number from {least} to {most}")))
        }
    }
}

/// Parses a number that is not negative. Returns `None` if the value is negative or not a number. Returns an error if
/// the number has a suffix.
pub(crate) fn decimal(value: &Expr) -> Result<Option<f64>> {
    Ok(match number(value)? {
        Some(Number::Whole(digits) | Number::Decimal(digits)) => digits.parse().ok(),
        _ => None,
    })
}

pub(crate) fn flag(key: &str, value: &Expr) -> Result<bool> {
    match literal(value) {
        Some(Lit::Bool(flag)) => Ok(flag.value),
        _ => Err(invalid(key, value, "`true` or `false`")),
    }
}

/// Parses a finite number of at least 1.
pub(crate) fn factor(key: &str, value: &Expr) -> Result<f64> {
    decimal(value)?
        .filter(|number| number.is_finite() && *number >= 1.0)
        .ok_or_else(|| invalid(key, value, "a finite number of at least 1"))
}

/// Parses a duration from 0 s to 584 years. The value is a number of seconds, such as `1.5`, or a text with a unit,
/// such as `"250ms"`.
pub(crate) fn duration(key: &str, value: &Expr) -> Result<Duration> {
    let seconds = match (number(value)?, literal(value)) {
        (Some(Number::Negative), _) => -1.0,
        (Some(Number::Whole(digits) | Number::Decimal(digits)), _) => digits.parse().unwrap_or(f64::INFINITY),
        (None, Some(Lit::Str(text))) => {
            let seconds = seconds(&text.value()).map_err(|message| Error::new(text.span(), message))?;
            seconds.ok_or_else(|| invalid(key, value, "a number with a unit, such as \"250ms\""))?
        }
        _ => return Err(invalid(key, value, "seconds, such as `1.5`, or a text such as \"250ms\"")),
    };
    if seconds < 0.0 {
        return Err(Error::new_spanned(value, format_args!("`{key}` must not be negative")));
    }
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| duration.as_nanos() <= u128::from(u64::MAX))
        .ok_or_else(|| invalid(key, value, "at most 584 years"))
}

/// Parses a duration that is longer than zero and at most 584 years.
pub(crate) fn some_duration(key: &str, value: &Expr) -> Result<Duration> {
    match duration(key, value)? {
        Duration::ZERO => Err(Error::new_spanned(value, format_args!("`{key}` must be longer than zero"))),
        time => Ok(time),
    }
}

/// Converts a text such as `250ms` to seconds. Returns `None` if the text is not a number with a unit. Returns an error
/// message if the unit is unknown.
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

/// Parses a string literal that contains at least one character other than white space.
pub(crate) fn name(key: &str, value: &Expr) -> Result<LitStr> {
    match literal(value) {
        Some(Lit::Str(name)) if name.value().trim().is_empty() => {
            Err(Error::new(name.span(), format_args!("`{key}` must not be blank")))
        }
        Some(Lit::Str(name)) => Ok(LitStr::new(&name.value(), name.span())),
        _ => Err(invalid(key, value, "a text, such as \"exa_api\"")),
    }
}

/// Parses the path of a function, a reference such as `&path`, or a closure.
pub(crate) fn function(key: &str, value: &Expr) -> Result<TokenStream> {
    match peel(value) {
        function @ (Expr::Path(_) | Expr::Closure(_)) => Ok(function.to_token_stream()),
        // Accepts a reference, because a retry uses the function in a loop. If the loop would move the function, rustc
        // suggests `&function`.
        Expr::Reference(reference) if matches!(peel(&reference.expr), Expr::Path(_)) => Ok(value.to_token_stream()),
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be the path of a function, or a closure"))),
    }
}

/// Parses the name of a variable that the expansion declares for the body. Returns an error for the name `self`.
pub(crate) fn binding(key: &str, value: &Expr) -> Result<Ident> {
    identifier(value)
        .filter(|name| name != "self")
        .ok_or_else(|| Error::new_spanned(value, format_args!("`{key}` must be a name, such as `n`")))
}

pub(crate) fn identifier(value: &Expr) -> Option<Ident> {
    match peel(value) {
        Expr::Path(ExprPath { qself: None, path, .. }) => path.get_ident().cloned(),
        _ => None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one of the functions that read an option")]
pub(crate) fn expression(_: &str, value: &Expr) -> Result<TokenStream> {
    Ok(value.to_token_stream())
}

/// Returns an error if the expression contains `.await`. A timeout above could not end this wait, because the expansion
/// evaluates options outside the future that the timeout polls.
pub(crate) fn without_wait(key: &str, value: &Expr) -> Result<()> {
    match exit(&value.to_token_stream()) {
        Some((".await", at)) => Err(no_exit(key, ".await", at)),
        _ => Ok(()),
    }
}

/// Returns an error if the expression contains `.await`, `?` or `return`. When the option is evaluated, a circuit above
/// may have admitted the call already. The circuit would count the early exit as a failure.
pub(crate) fn without_exit(key: &str, value: &TokenStream) -> Result<()> {
    exit(value).map_or(Ok(()), |(exit, at)| Err(no_exit(key, exit, at)))
}

fn no_exit(key: &str, exit: &str, at: Span) -> Error {
    let message = format!(
        "`{key}` is a setting, and cannot contain `{exit}`: compute the value before the call, and pass it as an argument"
    );
    Error::new(at, message)
}

/// Parses a string literal, and returns its index in `choices`.
pub(crate) fn choice(key: &str, value: &Expr, choices: &[&str]) -> Result<usize> {
    let found = match literal(value) {
        Some(Lit::Str(text)) => choices.iter().position(|choice| *choice == text.value()),
        _ => None,
    };
    found.ok_or_else(|| {
        let choices = choices.iter().map(|choice| format!("\"{choice}\"")).collect::<Vec<_>>().join(" or ");
        invalid(key, value, choices)
    })
}

/// Parses the path of the runtime crate, for the option `crate`.
pub(crate) fn path(key: &str, value: &Expr) -> Result<Path> {
    match peel(value) {
        Expr::Path(path) if path.qself.is_none() => syn::parse2(path.path.to_token_stream()),
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be a path, such as `::my_crate::resilience`"))),
    }
}

/// A number literal, with its digits in base 10.
enum Number {
    Negative,
    Whole(String),
    Decimal(String),
}

/// Returns the number if `value` is a number literal, with or without a minus sign. Returns an error for a number
/// literal with a suffix, such as `5s`.
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

/// Returns the error for an invalid value. `allowed` describes the valid values, such as "a number from 0 to 1". If the
/// value is not a literal, the message asks for a literal, because a macro cannot evaluate an expression.
pub(crate) fn invalid(key: &str, value: &Expr, allowed: impl Display) -> Error {
    let digits = match peel(value) {
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => expr,
        value => value,
    };
    let kind = if literal(digits).is_some() { "" } else { "a literal: " };
    Error::new_spanned(value, format_args!("`{key}` must be {kind}{allowed}"))
}

pub(crate) fn literal(value: &Expr) -> Option<&Lit> {
    match peel(value) {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        _ => None,
    }
}

/// Returns whether the value is a literal, with or without a minus sign.
pub(crate) fn is_literal(value: &Expr) -> bool {
    match peel(value) {
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) => is_literal(expr),
        value => literal(value).is_some(),
    }
}

pub(crate) fn is_path(value: &Expr) -> bool {
    matches!(peel(value), Expr::Path(_))
}

/// Removes the invisible groups that a `macro_rules!` macro puts around an expression.
pub(crate) fn peel(value: &Expr) -> &Expr {
    match value {
        Expr::Group(group) => peel(&group.expr),
        value => value,
    }
}
