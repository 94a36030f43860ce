//! Checks that the options of a `#[circuit]` fit together. For example, `window` and `calls` exclude each other, and
//! `slow_rate` needs `slow_call`. The circuit builder in the runtime crate makes these checks, too, but has other error
//! messages.

use proc_macro2::Ident;

use super::options::Opt;
use crate::error::Errors;
use crate::layers::settings::Settings;
use crate::parse::args::OptionName;

pub(super) fn check(settings: &Settings<Opt>, errors: &mut Errors) {
    has_one_window(settings, errors);
    has_failures_or_rates(settings, errors);
    has_all_that_rates_need(settings, errors);
    has_no_useless_setting(settings, errors);
    can_reach_its_minimum(settings, errors);
    grows_from_its_cooldown(settings, errors);
}

fn rate(settings: &Settings<Opt>) -> Option<&Ident> {
    [Opt::FailureRate, Opt::SlowRate].into_iter().find_map(|option| Some(settings.get(option)?.0))
}

fn has_one_window(settings: &Settings<Opt>, errors: &mut Errors) {
    if let (true, Some((calls, _))) = (settings.has(Opt::Window), settings.get(Opt::Calls)) {
        errors.push(calls.span(), "`window` and `calls` exclude each other: write one of them");
    }
}

fn has_failures_or_rates(settings: &Settings<Opt>, errors: &mut Errors) {
    if let (Some((threshold, _)), Some(rate)) = (settings.get(Opt::Threshold), rate(settings)) {
        let message = format!("`threshold` and `{rate}` exclude each other: write one of them");
        errors.push(threshold.span(), message);
    }
}

fn has_all_that_rates_need(settings: &Settings<Opt>, errors: &mut Errors) {
    if let Some(rate) = rate(settings) {
        if !settings.has(Opt::Window) && !settings.has(Opt::Calls) {
            errors.push(rate.span(), format_args!("`{rate}` needs `window = ..` or `calls = ..` beside it"));
        }
        if !settings.has(Opt::MinCalls) {
            errors.push(rate.span(), format_args!("`{rate}` needs `min_calls = ..` beside it"));
        }
    }
    for (one, other) in [(Opt::SlowRate, Opt::SlowCall), (Opt::SlowCall, Opt::SlowRate)] {
        if let (Some((one, _)), false) = (settings.get(one), settings.has(other)) {
            errors.push(one.span(), format_args!("`{one}` needs `{} = ..` beside it", other.name()));
        }
    }
}

fn has_no_useless_setting(settings: &Settings<Opt>, errors: &mut Errors) {
    // Treats `slow_call` like `slow_rate`. A `slow_call` without `slow_rate` has already been reported, and must not
    // cause a second error.
    let rates = rate(settings).is_some() || settings.has(Opt::SlowCall);
    if let (Some((min_calls, _)), false) = (settings.get(Opt::MinCalls), rates) {
        errors.push(min_calls.span(), "`min_calls` needs `failure_rate` or `slow_rate` beside it");
    }
    if rates || settings.has(Opt::Threshold) || settings.has(Opt::MinCalls) {
        return;
    }
    for (ident, _) in [Opt::Window, Opt::Calls].into_iter().filter_map(|option| settings.get(option)) {
        let message = format!("`{ident}` needs `threshold`, `failure_rate` or `slow_rate` beside it");
        errors.push(ident.span(), message);
    }
}

fn can_reach_its_minimum(settings: &Settings<Opt>, errors: &mut Errors) {
    let Some((_, calls)) = settings.count(Opt::Calls) else { return };
    for (ident, count) in [Opt::MinCalls, Opt::Threshold].into_iter().filter_map(|option| settings.count(option)) {
        if count > calls {
            errors.push(ident.span(), format_args!("`{ident}` must be at most `calls`, which is {calls}"));
        }
    }
}

fn grows_from_its_cooldown(settings: &Settings<Opt>, errors: &mut Errors) {
    if let (Some((max, most)), Some((_, cooldown))) = (settings.time(Opt::MaxCooldown), settings.time(Opt::Cooldown)) {
        if most < cooldown {
            errors.push(max.span(), "`max_cooldown` must be at least as long as `cooldown`");
        }
    }
}
