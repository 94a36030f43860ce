//! What no stack can mean, one function for each mistake.

use proc_macro2::Span;

use super::worst_case::{Pauses, shown};
use crate::error::Errors;
use crate::layers::circuit::{Breaker, Circuit};
use crate::parse::function::Function;
use crate::pipeline::{EXPANDED, Layer};
use crate::tokens::mentions;

pub(crate) fn check(function: &Function, layers: &[Layer], errors: &mut Errors) {
    order(function, errors);
    names(layers, errors);
    for (index, layer) in layers.iter().enumerate() {
        let below = &layers[index + 1..];
        match layer {
            Layer::Hedge(_) => falls_back_again("hedge", below, errors),
            Layer::Retry(_) => falls_back_again("retry", below, errors),
            Layer::Timeout(timeout) => never_in_time(timeout.after.as_secs_f64(), timeout.span, below, errors),
            _ => {}
        }
    }
}

/// An attribute under a name that we do not know stays below and expands after us.
fn order(function: &Function, errors: &mut Errors) {
    if function.body.as_ref().is_some_and(|(body, _)| mentions(body, EXPANDED)) {
        errors.push(
            Span::call_site(),
            "another attribute of this family has been expanded before this one, which it could not recognise under \
             its changed name: put this one on top, or use it under its own name",
        );
    }
}

fn names(layers: &[Layer], errors: &mut Errors) {
    let mut seen = Vec::new();
    for layer in layers {
        if let Layer::Circuit(Circuit { breaker: Breaker::Named { name, .. }, .. }) = layer {
            if seen.contains(&name.value()) {
                errors.push(
                    name.span(),
                    "this function has a circuit of this name already; its trials would wait for each other",
                );
            }
            seen.push(name.value());
        }
    }
}

fn falls_back_again(above: &str, below: &[Layer], errors: &mut Errors) {
    for layer in below {
        if let Layer::Fallback(fallback) = layer {
            errors.push(
                fallback.span,
                format_args!(
                    "below a {above} the fallback would take the place of the first failure, and hide it from the \
                     {above}: put `#[fallback]` above `#[{above}]`"
                ),
            );
        }
    }
}

/// A timeout is over before the retry below it has made its last attempt, or before the timeout below it.
fn never_in_time(after: f64, span: Span, below: &[Layer], errors: &mut Errors) {
    for (index, layer) in below.iter().enumerate() {
        match layer {
            Layer::Retry(retry) => {
                if let Some(pauses) =
                    Pauses::of(retry, &below[index + 1..]).map(|pauses| pauses.sum()).filter(|pauses| after < *pauses)
                {
                    errors.push(
                        span,
                        format_args!(
                            "the pauses of the retry below take {} by themselves, so that its last attempt is never \
                             made: write a longer timeout, or fewer or shorter pauses",
                            shown(pauses)
                        ),
                    );
                }
            }
            Layer::Hedge(hedge) if after <= hedge.after.as_secs_f64() => {
                let after = shown(after);
                errors.push(
                    hedge.span,
                    format_args!("the timeout above is over after {after}, before a second attempt: write less"),
                );
            }
            Layer::Timeout(timeout) if after < timeout.after.as_secs_f64() => {
                let after = shown(after);
                errors.push(timeout.span, format_args!("the timeout above is over first, after {after}: remove one"));
            }
            _ => {}
        }
    }
}
