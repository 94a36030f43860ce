//! Reports contradictions between the options of a `#[retry]`. The policy builder in the runtime crate reports these
//! contradictions, too, but with other messages.

use std::time::Duration;

use super::options::Opt;
use crate::error::Errors;
use crate::layers::limits;
use crate::layers::settings::{Setting, Settings};

pub(super) fn check(settings: &Settings<Opt>, errors: &mut Errors) {
    // The runtime checks options whose values are constants, because the macro does not know these values.
    let jitter = settings.known(Opt::Jitter, None, |jitter| match jitter {
        Setting::Variant { name, .. } => Some(Some(name)),
        _ => None,
    });
    let Some((jitter, delay)) = jitter.zip(delay(settings)) else { return };
    if let Some((ident, _)) = settings.time(Opt::MaxDelay).filter(|(_, most)| *most < delay) {
        errors.push(ident.span(), format_args!("`max_delay` must be at least as long as `delay`, which is {delay:?}"));
    }
    if let (Some((ident, _)), Some("Decorrelated")) = (settings.get(Opt::Backoff), jitter) {
        errors.push(
            ident.span(),
            "`backoff` does not go with decorrelated jitter, which grows from the previous pause: leave it out",
        );
    }
    let least = match jitter {
        Some("Full") => Duration::ZERO,
        Some("Equal") => delay / 2,
        _ => delay,
    };
    let once = max(settings).is_none_or(|max| max == 1);
    if let Some((ident, _)) = settings.time(Opt::MaxElapsed).filter(|(_, limit)| *limit < least && !once) {
        let message = format!("`max_elapsed` leaves no room for the first pause, which takes at least {least:?}");
        errors.push(ident.span(), message);
    }
}

/// Returns the value of the option `max`, or its default. Returns `None` if the value is a constant such as `LIMIT`.
pub(super) fn max(settings: &Settings<Opt>) -> Option<u32> {
    settings.known(Opt::Max, limits::RETRY_MAX_DEFAULT, |max| match max {
        Setting::Count(max) => Some(max),
        _ => None,
    })
}

/// Returns the value of the option `delay`, or its default. Returns `None` if the value is a constant such as `LIMIT`.
pub(super) fn delay(settings: &Settings<Opt>) -> Option<Duration> {
    settings.known(Opt::Delay, limits::RETRY_DELAY_DEFAULT, |delay| match delay {
        Setting::Time(delay) => Some(delay),
        _ => None,
    })
}

/// Returns the value of the option `backoff`, or its default. Returns `None` if the value is a constant such as
/// `LIMIT`.
pub(super) fn backoff(settings: &Settings<Opt>) -> Option<f64> {
    settings.known(Opt::Backoff, limits::RETRY_BACKOFF_DEFAULT, |backoff| match backoff {
        Setting::Number(backoff) => Some(backoff),
        _ => None,
    })
}
