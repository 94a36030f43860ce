//! Reports options of a retry that contradict each other. The policy builder in the runtime crate reports these
//! contradictions, too, but with other messages.

use std::time::Duration;

use super::options::Opt;
use crate::error::Errors;
use crate::layers::limits;
use crate::layers::settings::{Setting, Settings};

pub(super) fn check(settings: &Settings<Opt>, errors: &mut Errors) {
    let jitter = match settings.get(Opt::Jitter) {
        Some((_, Setting::Variant { name, .. })) => Some(name),
        _ => None,
    };
    let delay = settings.time(Opt::Delay).map_or(limits::RETRY_DELAY_DEFAULT, |(_, delay)| delay);
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
    let once = settings.count(Opt::Max).is_some_and(|(_, max)| max == 1);
    if let Some((ident, _)) = settings.time(Opt::MaxElapsed).filter(|(_, limit)| *limit < least && !once) {
        let message = format!("`max_elapsed` leaves no room for the first pause, which takes at least {least:?}");
        errors.push(ident.span(), message);
    }
}
