//! Which settings of a retry go together. The runtime checks the same of a builder, in other words.

use std::time::Duration;

use proc_macro2::Ident;

use crate::error::Errors;
use crate::layers::settings::Setting;

pub(crate) fn check(settings: &[(Ident, Setting)], errors: &mut Errors) {
    const DELAY: Duration = Duration::from_secs(1);
    let get =
        |option: &str| settings.iter().find(|(ident, _)| ident == option).map(|(ident, setting)| (ident, *setting));
    let time = |option: &str| match get(option) {
        Some((ident, Setting::Time(time))) => Some((ident, time)),
        _ => None,
    };
    let jitter = match get("jitter") {
        Some((_, Setting::Jitter(jitter))) => Some(jitter),
        _ => None,
    };
    let delay = time("delay").map_or(DELAY, |(_, delay)| delay);
    if let Some((ident, _)) = time("max_delay").filter(|(_, most)| *most < delay) {
        errors.push(ident.span(), format_args!("`max_delay` must be at least as long as `delay`, which is {delay:?}"));
    }
    if let (Some((ident, _)), Some("Decorrelated")) = (get("backoff"), jitter) {
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
    let once = get("max").is_some_and(|(_, max)| max == Setting::Count(1));
    if let Some((ident, _)) = time("max_elapsed").filter(|(_, limit)| *limit < least && !once) {
        let message = format_args!("`max_elapsed` leaves no room for the first pause, which takes at least {least:?}");
        errors.push(ident.span(), message);
    }
}
