//! Parses a percentile in the option `after` of `#[hedge]`, and the options `min_after` and `max_after`.

use std::time::Duration;

use proc_macro2::{Literal, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Error, Expr, Lit, Result};

use super::limits;
use crate::emit::layer::Place;
use crate::error::Errors;
use crate::parse::args::{Args, OptionName};
use crate::parse::constant::{Constant, Given, Kind};
use crate::parse::value;

/// A percentile such as `"p95"`, with the options `min_after` and `max_after`.
pub(super) struct Percentile {
    percentile: f64,
    min: Given<Duration>,
    max: Given<Duration>,
}

/// The result of reading the options `after`, `min_after` and `max_after`.
pub(super) enum Asked {
    /// The option `after` is missing, or its value is not a percentile.
    No,
    /// The option `after` is an invalid percentile, or a limit (`min_after` or `max_after`) is missing or invalid. The
    /// macro has already reported an error.
    Wrong,
    Percentile(Percentile, Span),
}

impl Percentile {
    /// Reads the options `after`, `min_after` and `max_after` if `after` is a percentile. If `after` is not a
    /// percentile and `with_time` is true, reports an error for each of `min_after` and `max_after` that the user
    /// wrote. The caller sets `with_time` to false if the caller itself reports mistakes in these options.
    pub(super) fn read<O: OptionName>(
        args: &mut Args<O>,
        [after, min, max]: [O; 3],
        with_time: bool,
        errors: &mut Errors,
    ) -> Asked {
        let time = |key: &'static str, value: &Expr| Given::read(key, value, Kind::SomeTime, value::some_duration);
        if !args.value(after).is_some_and(is_percentile) {
            if with_time {
                let message = "needs a percentile beside it: write `after = \"p95\"`, or leave this out";
                args.refuse(&[min, max], message, errors);
            }
            return Asked::No;
        }
        let percentile = args.read(after, errors, |key, value| Ok((percentile(key, value)?, value.span())));
        let absent =
            [min, max].into_iter().filter(|limit| !args.has(*limit)).map(|limit| format!("`{} = ..`", limit.name()));
        let absent: Vec<_> = absent.collect();
        if let (Some((_, span)), false) = (&percentile, absent.is_empty() || args.is_broken()) {
            errors.push(*span, format_args!("a percentile needs {} beside it", absent.join(" and ")));
        }
        let first = args.ident(min);
        let (min, max) = (args.read(min, errors, time), args.read(max, errors, time));
        let (Some((percentile, span)), Some(min), Some(max)) = (percentile, min, max) else { return Asked::Wrong };
        if let (Some(least), Some(most), Some(ident)) = (min.literal(), max.literal(), first) {
            if least > most {
                let message = format!("`min_after` must be at most as long as `max_after`, which is {most:?}");
                errors.push(ident.span(), message);
            }
        }
        Asked::Percentile(Self { percentile, min, max }, span)
    }

    /// Returns the values of `min_after` and `max_after` if both values are literals.
    pub(super) fn literals(&self) -> Option<(Duration, Duration)> {
        Some((*self.min.literal()?, *self.max.literal()?))
    }

    /// Returns the values of `min_after` and `max_after` that are constants in the user's code, such as `LIMIT`.
    pub(super) fn constants(&self) -> impl Iterator<Item = &Constant> {
        self.min.constant().into_iter().chain(self.max.constant())
    }

    /// Returns the method calls that pass the three options to the runtime, such as `.min_after(..)`.
    pub(super) fn calls(&self, place: Place<'_>) -> TokenStream {
        let mixed = Span::mixed_site();
        let runtime = place.runtime();
        let percentile = Literal::f64_unsuffixed(self.percentile);
        let [min, max] = [&self.min, &self.max].map(|limit| limit.tokens(runtime, |limit| place.duration(*limit)));
        let checked = self.constants().next().map(|_| quote_spanned!(mixed=> .checked()));
        quote_spanned! {mixed=>
            .after(#runtime::__private::HedgeAfter::Percentile(#percentile)).min_after(#min).max_after(#max)#checked
        }
    }
}

/// Returns whether the user probably means a percentile: a text that begins with `p` or `P`, or a number in quotation
/// marks.
fn is_percentile(value: &Expr) -> bool {
    matches!(value::literal(value), Some(Lit::Str(text)) if {
        let text = text.value();
        text.starts_with(['p', 'P']) || text.parse::<f64>().is_ok()
    })
}

/// Parses a text such as `"p95"` or `"p99.9"`.
fn percentile(key: &str, value: &Expr) -> Result<f64> {
    let text = match value::literal(value) {
        Some(Lit::Str(text)) => text.value(),
        _ => String::new(),
    };
    let error = |message: String| Error::new_spanned(value, message);
    let Some(digits) = text.strip_prefix('p') else {
        let number = text.trim_start_matches('P');
        return Err(error(format!("`{key}` is a percentile or a time here: write \"p{number}\" or \"{number}ms\"")));
    };
    let is_number = digits.chars().all(|digit| digit.is_ascii_digit() || digit == '.') && !digits.ends_with('.');
    let Some(number) = digits.parse::<f64>().ok().filter(|_| is_number) else {
        return Err(error(format!(
            "\"{text}\" is no percentile: write `p` and a number, such as \"p95\" or \"p99.9\""
        )));
    };
    if !limits::HEDGE_PERCENTILE.contains(&number) {
        let (least, most) = (limits::HEDGE_PERCENTILE.start(), limits::HEDGE_PERCENTILE.end());
        return Err(error(format!("`{key}` must be a percentile from \"p{least}\" to \"p{most}\"")));
    }
    Ok(number)
}
