//! How long a call through a stack takes at most, for the docs of the function.

use std::time::Duration;

use proc_macro2::Span;
use syn::{Attribute, Meta, parse_quote_spanned};

use crate::layers::bulkhead::Slots;
use crate::layers::hedge::Hedge;
use crate::layers::retry::Retry;
use crate::layers::settings::Setting;
use crate::pipeline::Layer;

/// A line for the docs that stand on a function. One without docs gets none: rustc is to find them missing.
pub(crate) fn doc(attrs: &[Attribute], layers: &[Layer]) -> Option<Attribute> {
    // An alias, say, is none.
    let documented = attrs.iter().any(|attr| matches!(&attr.meta, Meta::NameValue(meta) if meta.path.is_ident("doc")));
    let bound = bound(layers).filter(|bound| documented && bound.seconds.is_finite())?;
    let total = shown(bound.seconds);
    let line = if bound.of.is_empty() {
        format!("\n\nWorst case: {total}.")
    } else {
        format!("\n\nWorst case: {}: {total}.", bound.of)
    };
    Some(parse_quote_spanned!(Span::mixed_site()=> #[doc = #line]))
}

/// The most that something takes, and of what; nothing, if that is a single timeout.
struct Bound {
    seconds: f64,
    of: String,
}

fn bound(layers: &[Layer]) -> Option<Bound> {
    let (layer, rest) = layers.split_first()?;
    let below = bound(rest);
    match layer {
        Layer::Timeout(timeout) => {
            let after = timeout.after.as_secs_f64();
            Some(below.filter(|below| below.seconds < after).unwrap_or(Bound { seconds: after, of: String::new() }))
        }
        Layer::Retry(retry) => Some(attempts(&Pauses::of(retry, rest)?, below?.seconds)),
        Layer::Bulkhead(bulkhead) => match (&bulkhead.slots, below) {
            (Slots::Own { wait, .. }, Some(below)) => Some(waited(*wait, below)),
            _ => None,
        },
        Layer::Circuit(_) | Layer::RateLimit(_) => below,
        Layer::Hedge(hedge) => below.map(|each| hedged(hedge, each.seconds)),
        // What the fallback takes, it alone knows.
        Layer::Fallback(_) => None,
    }
}

fn attempts(pauses: &Pauses, each: f64) -> Bound {
    let Pauses { max, .. } = *pauses;
    let seconds = each * f64::from(max) + pauses.sum();
    let pauses = match max {
        0 | 1 => return Bound { seconds, of: String::new() },
        2 => format!("a pause of {}", shown(pauses.nth(1))),
        max @ 3..=5 => {
            let pauses: Vec<_> = (1..max).map(|nth| shown(pauses.nth(nth))).collect();
            match pauses.split_last() {
                Some((last, others)) => format!("pauses of {} and {last}", others.join(", ")),
                None => String::new(),
            }
        }
        _ => format!("pauses of {} in all", shown(pauses.sum())),
    };
    Bound { seconds, of: format!("{max} attempts of at most {} and {pauses}", shown(each)) }
}

fn hedged(hedge: &Hedge, each: f64) -> Bound {
    let after = hedge.after.as_secs_f64();
    let seconds = after * f64::from(hedge.max - 1) + each;
    let of = format!("{} attempts of at most {}, one each {}", hedge.max, shown(each), shown(after));
    Bound { seconds, of }
}

fn waited(wait: Duration, below: Bound) -> Bound {
    if wait.is_zero() {
        return below;
    }
    let of = match below.of.as_str() {
        "" => shown(below.seconds),
        of => of.to_owned(),
    };
    let wait = wait.as_secs_f64();
    Bound { seconds: wait + below.seconds, of: format!("a wait of {} and {of}", shown(wait)) }
}

/// The pauses of a retry, which are the same each time.
pub(crate) struct Pauses {
    max: u32,
    delay: f64,
    backoff: f64,
}

impl Pauses {
    /// None, where chance, a cap or the service has a say in them.
    pub(crate) fn of(retry: &Retry, below: &[Layer]) -> Option<Self> {
        let mut pauses = Self { max: 3, delay: 1.0, backoff: 2.0 };
        for (option, setting) in &retry.settings {
            match (option.to_string().as_str(), setting) {
                ("max", Setting::Count(max)) => pauses.max = *max,
                ("delay", Setting::Time(delay)) => pauses.delay = delay.as_secs_f64(),
                ("backoff", Setting::Number(backoff)) => pauses.backoff = *backoff,
                ("count_nested", _) => {}
                _ => return None,
            }
        }
        retry.retry_after(below).is_none().then_some(pauses)
    }

    /// The seconds after the n-th failed attempt.
    fn nth(&self, nth: u32) -> f64 {
        self.delay * self.backoff.powf(f64::from(nth) - 1.0)
    }

    /// The seconds of all together.
    pub(crate) fn sum(&self) -> f64 {
        let count = f64::from(self.max) - 1.0;
        let factor = if self.backoff > 1.0 { (self.backoff.powf(count) - 1.0) / (self.backoff - 1.0) } else { count };
        if self.delay > 0.0 { self.delay * factor } else { 0.0 }
    }
}

/// So many seconds, as docs and errors show them.
pub(crate) fn shown(seconds: f64) -> String {
    let rounded = format!("{seconds:.3}");
    let digits = rounded.trim_end_matches('0').trim_end_matches('.');
    if seconds > 0.0 && digits == "0" { "less than 1 ms".to_owned() } else { format!("{digits} s") }
}
