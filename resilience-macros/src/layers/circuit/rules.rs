//! Which settings of a circuit go together. The runtime checks the same of a builder, in other words.

use proc_macro2::Ident;

use crate::error::Errors;
use crate::layers::settings::{Setting, Settings};

pub(crate) fn check(settings: &Settings, errors: &mut Errors) {
    let rule = Rule(settings);
    rule.has_one_window(errors);
    rule.goes_by_failures_or_rates(errors);
    rule.has_all_that_rates_need(errors);
    rule.says_nothing_in_vain(errors);
    rule.can_be_reached(errors);
    rule.grows(errors);
}

struct Rule<'a>(&'a Settings);

impl Rule<'_> {
    fn get(&self, option: &str) -> Option<(&Ident, Setting)> {
        self.0.iter().find(|(ident, _)| ident == option).map(|(ident, setting)| (ident, *setting))
    }

    fn has(&self, option: &str) -> bool {
        self.get(option).is_some()
    }

    /// What makes the circuit go by rates.
    fn rate(&self) -> Option<&Ident> {
        ["failure_rate", "slow_rate"].into_iter().find_map(|option| Some(self.get(option)?.0))
    }

    fn has_one_window(&self, errors: &mut Errors) {
        if let (Some(_), Some((calls, _))) = (self.get("window"), self.get("calls")) {
            errors.push(calls.span(), "`window` and `calls` exclude each other: write one of them");
        }
    }

    fn goes_by_failures_or_rates(&self, errors: &mut Errors) {
        if let (Some((threshold, _)), Some(rate)) = (self.get("threshold"), self.rate()) {
            errors
                .push(threshold.span(), format_args!("`threshold` and `{rate}` exclude each other: write one of them"));
        }
    }

    fn has_all_that_rates_need(&self, errors: &mut Errors) {
        if let Some(rate) = self.rate() {
            if !self.has("window") && !self.has("calls") {
                errors.push(rate.span(), format_args!("`{rate}` needs `window = ..` or `calls = ..` beside it"));
            }
            if !self.has("min_calls") {
                errors.push(rate.span(), format_args!("`{rate}` needs `min_calls = ..` beside it"));
            }
        }
        for (one, other) in [("slow_rate", "slow_call"), ("slow_call", "slow_rate")] {
            if let (Some((one, _)), None) = (self.get(one), self.get(other)) {
                errors.push(one.span(), format_args!("`{one}` needs `{other} = ..` beside it"));
            }
        }
    }

    fn says_nothing_in_vain(&self, errors: &mut Errors) {
        // One that lacks its other half has been told so.
        let rates = self.rate().is_some() || self.has("slow_call");
        if let (Some((min_calls, _)), false) = (self.get("min_calls"), rates) {
            errors.push(min_calls.span(), "`min_calls` needs `failure_rate` or `slow_rate` beside it");
        }
        if rates || self.has("threshold") || self.has("min_calls") {
            return;
        }
        for option in ["window", "calls"] {
            if let Some((span, _)) = self.get(option) {
                let message = format_args!("`{option}` needs `threshold`, `failure_rate` or `slow_rate` beside it");
                errors.push(span.span(), message);
            }
        }
    }

    fn can_be_reached(&self, errors: &mut Errors) {
        for option in ["min_calls", "threshold"] {
            if let (Some((ident, Setting::Count(count))), Some((_, Setting::Count(calls)))) =
                (self.get(option), self.get("calls"))
            {
                if count > calls {
                    errors.push(ident.span(), format_args!("`{option}` must be at most `calls`, which is {calls}"));
                }
            }
        }
    }

    fn grows(&self, errors: &mut Errors) {
        if let (Some((max, Setting::Time(most))), Some((_, Setting::Time(cooldown)))) =
            (self.get("max_cooldown"), self.get("cooldown"))
        {
            if most < cooldown {
                errors.push(max.span(), "`max_cooldown` must be at least as long as `cooldown`");
            }
        }
    }
}
