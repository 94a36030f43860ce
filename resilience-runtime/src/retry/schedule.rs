#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::fmt;
use std::time::Duration;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::ConfigError;
use crate::base::random;
use crate::base::require::require;
use crate::retry::backoff::{Backoff, Jitter};

/// The options of a retry that are plain values, such as counts and times.
///
/// The macro of `#[retry]` checks the options at compile time, and generates a constant `Schedule`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "a schedule does nothing by itself"]
pub struct Schedule {
    pub(crate) max: u32,
    pub(crate) backoff: Backoff,
    pub(crate) max_elapsed: Option<Duration>,
    seed: Option<u64>,
    /// Whether the retries of calls that the body makes count towards `max`.
    pub(crate) count_nested: bool,
    /// Whether a rejection by the circuit of another function is retried.
    pub(crate) retry_rejected: bool,
}

/// The default of the option `max`.
const MAX: u32 = 3;

impl Schedule {
    pub const DEFAULT: Self = Self {
        max: MAX,
        backoff: Backoff::DEFAULT,
        max_elapsed: None,
        seed: None,
        count_nested: true,
        retry_rejected: false,
    };

    pub const fn max(mut self, attempts: u32) -> Self {
        self.max = attempts;
        self
    }

    pub const fn delay(mut self, delay: Duration) -> Self {
        self.backoff.delay = delay;
        self
    }

    pub const fn backoff(mut self, factor: f64) -> Self {
        self.backoff.factor = Some(factor);
        self
    }

    pub const fn max_delay(mut self, max: Duration) -> Self {
        self.backoff.max = Some(max);
        self
    }

    pub const fn jitter(mut self, jitter: Jitter) -> Self {
        self.backoff.jitter = Some(jitter);
        self
    }

    pub const fn max_elapsed(mut self, limit: Duration) -> Self {
        self.max_elapsed = Some(limit);
        self
    }

    pub const fn count_nested(mut self, count: bool) -> Self {
        self.count_nested = count;
        self
    }

    pub const fn retry_rejected(mut self, retry: bool) -> Self {
        self.retry_rejected = retry;
        self
    }

    pub(crate) const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Checks the options that depend on each other, such as `delay` and `max_delay`. The macro does not know the
    /// values of constants. If one of these options is a constant, the generated code therefore calls this method.
    #[track_caller]
    pub const fn checked(self) -> Self {
        let Backoff { delay, factor, max, jitter } = self.backoff;
        if let Some(max) = max {
            require(delay.as_nanos() <= max.as_nanos(), "`max_delay` must be at least as long as `delay`");
        }
        let has_two_factors = matches!((factor, jitter), (Some(_), Some(Jitter::Decorrelated)));
        require(
            !has_two_factors,
            "`backoff` does not go with decorrelated jitter, which grows from the previous pause: leave it out",
        );
        if let Some(limit) = self.max_elapsed {
            let has_room = self.max == 1 || self.backoff.least().as_nanos() <= limit.as_nanos();
            require(has_room, "`max_elapsed` leaves no room for the first pause");
        }
        self
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.max == 0 {
            return Err(ConfigError::new("max", "0".to_owned(), "a whole number of at least 1"));
        }
        self.backoff.check()?;
        if let Some(limit) = self.max_elapsed {
            let error = |allowed| Err(ConfigError::new("max_elapsed", format!("{limit:?}"), allowed));
            if !fits(limit) {
                return error(LONGEST);
            }
            if self.max > 1 && limit < self.backoff.least() {
                return error("at least as long as the first pause");
            }
        }
        Ok(())
    }

    /// Calls [`Backoff::pause_after`] with a random number for the jitter.
    #[inline]
    pub(crate) fn pause_after(&self, attempt: u32, previous: Duration, hint: Option<Duration>) -> (Duration, Duration) {
        let draw = || random::unit(self.seed.map_or_else(random::next, |seed| random::nth(seed, attempt.into())));
        self.backoff.pause_after(attempt, previous, hint, draw)
    }

    pub(super) fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { max, backoff, max_elapsed, seed, count_nested, retry_rejected } = self;
        let mut shown = f.debug_struct(name);
        shown.field("max", max).field("delay", &backoff.delay);
        // Shows the remaining options only if the user sets them.
        let mut set = |name, value: Option<&dyn fmt::Debug>| {
            if let Some(value) = value {
                shown.field(name, value);
            }
        };
        set("backoff", backoff.factor.as_ref().map(|factor| factor as _));
        set("max_delay", backoff.max.as_ref().map(|max| max as _));
        set("jitter", backoff.jitter.as_ref().map(|jitter| jitter as _));
        set("max_elapsed", max_elapsed.as_ref().map(|limit| limit as _));
        set("count_nested", (!count_nested).then_some(count_nested as _));
        set("retry_rejected", retry_rejected.then_some(retry_rejected as _));
        set("seed", seed.as_ref().map(|seed| seed as _));
        shown.finish_non_exhaustive()
    }
}
