//! Defines the options of each kind of layer except circuits, and checks these options.
#![allow(missing_docs)] // Only the hidden module `__private` exports the items without docs.

use std::time::Duration;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::{ConfigError, Value};
use crate::base::queue;
use crate::base::require::require;
use crate::bulkhead::bulkhead::{self, Bulkhead};
use crate::circuit::options::Options as CircuitOptions;
use crate::fallback::Fallback;
use crate::hedge::after::HedgeAfter;
use crate::hedge::hedge::Hedge;
use crate::rate_limit::pace::Pace;
use crate::rate_limit::rate_limit::{self, RateLimit};
use crate::registry::keyed_limits::{KeyedBulkheads, KeyedRateLimits};
use crate::registry::layer::{LayerDeclaration, layer_options};
use crate::retry::backoff::Jitter;
use crate::retry::layer::Retry;
use crate::retry::schedule::Schedule;
use crate::timeout::timeout::Timeout;

layer_options! {
    BulkheadOptions for [Bulkhead, KeyedBulkheads], needs [max] {
        max: u32, wait: Duration, max_queue: u32, max_keys: u32,
    }
    fn check(&self) -> Result<(), ConfigError> {
        let Self { max, wait, max_queue, max_keys } = *self;
        check_count("max", max)?;
        check_wait(wait)?;
        check_queue(max_queue)?;
        check_keys(max_keys)
    }
    fn without_max_keys(self) -> Self {
        Self { max_keys: None, ..self }
    }
}
layer_options! {
    RateLimitOptions for [RateLimit, KeyedRateLimits], needs [] {
        per_second: u32, limit: u32, per: Duration, burst: u32, wait: Duration, max_queue: u32, tokens: bool,
        max_keys: u32,
    }
    fn check(&self) -> Result<(), ConfigError> {
        check_wait(self.wait)?;
        check_queue(self.max_queue)?;
        check_keys(self.max_keys)
    }
    fn without_max_keys(self) -> Self {
        Self { max_keys: None, ..self }
    }
    fn over(self, mut others: Self) -> Self {
        if self.per_second.is_some() {
            (others.limit, others.per) = (None, None);
        }
        if self.limit.is_some() || self.per.is_some() {
            others.per_second = None;
        }
        self.or(others)
    }
    fn contradiction(&self) -> Option<ConfigError> {
        let (option, limit, per) = self.rate()?;
        let limit_or_per = self.limit.map(|limit| ("limit", Value::from(limit)));
        let limit_or_per = limit_or_per.or(self.per.map(|per| ("per", Value::from(per))));
        match self.per_second.and(limit_or_per) {
            Some((option, value)) => Some(ConfigError::new(option, value.to_string(), "absent beside `per_second`")),
            None => Pace::check(option, limit, per, self.burst).err(),
        }
    }
    fn missing(&self) -> Option<&'static str> {
        match self {
            Self { per_second: None, limit: None, per: None, .. } => Some("per_second"),
            Self { limit: Some(_), per: None, .. } => Some("per"),
            Self { limit: None, per: Some(_), .. } => Some("limit"),
            Self { tokens: Some(true), burst: None, .. } => Some("burst"),
            _ => None,
        }
    }
}
layer_options! {
    TimeoutOptions for [Timeout], needs [timeout] { timeout: Duration, }
    fn check(&self) -> Result<(), ConfigError> {
        check_time("timeout", self.timeout)
    }
}
layer_options! {
    HedgeOptions for [Hedge], needs [after] { after: HedgeAfter, min_after: Duration, max_after: Duration, max: u32, }
    fn check(&self) -> Result<(), ConfigError> {
        if let Some(max) = self.max.filter(|max| !(2..=5).contains(max)) {
            return Err(ConfigError::new("max", max.to_string(), "a whole number from 2 to 5"));
        }
        match self.after {
            Some(HedgeAfter::Time(after)) => check_time("after", Some(after)),
            Some(HedgeAfter::Percentile(_)) | None => Ok(()),
        }
    }
}
layer_options! {
    FallbackOptions for [Fallback], needs [] {}
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}
layer_options! {
    RetryOptions for [Retry], needs [] {
        max: u32, delay: Duration, backoff: f64, max_delay: Duration, jitter: Jitter, max_elapsed: Duration,
        count_nested: bool, retry_rejected: bool,
    }
    fn check(&self) -> Result<(), ConfigError> {
        check_count("max", self.max)
    }
    fn contradiction(&self) -> Option<ConfigError> {
        self.schedule().check().err()
    }
}

impl From<Jitter> for Value {
    fn from(jitter: Jitter) -> Self {
        Self::Word(match jitter {
            Jitter::Full => "full",
            Jitter::Equal => "equal",
            Jitter::Decorrelated => "decorrelated",
        })
    }
}

impl LayerDeclaration<KeyedRateLimits> {
    /// Checks the options that depend on each other, such as `limit` and `per`.
    #[track_caller]
    pub const fn checked(self) -> Self {
        self.options.require();
        self
    }
}

impl LayerDeclaration<RateLimit> {
    /// Checks the options that depend on each other, such as `limit` and `per`. The generated code calls this method if
    /// the attribute sets `per`, or sets an option to a constant.
    #[track_caller]
    pub const fn checked(self) -> Self {
        self.options.require();
        self
    }
}

impl LayerDeclaration<Retry> {
    /// Checks the options that depend on each other, such as `delay` and `max_delay`. The generated code calls this
    /// method if one of the options is a constant, because the macro does not know the value of a constant.
    #[track_caller]
    pub const fn checked(self) -> Self {
        let _ = self.options.schedule().checked();
        self
    }
}

impl LayerDeclaration<Hedge> {
    /// Checks that `min_after` is at most `max_after`. The generated code calls this method if one of these options is
    /// a constant, because the macro does not know the value of a constant.
    #[track_caller]
    pub const fn checked(self) -> Self {
        if let (Some(min), Some(max)) = (self.options.min_after, self.options.max_after) {
            require(min.as_nanos() <= max.as_nanos(), "`min_after` must be at most as long as `max_after`");
        }
        self
    }
}

impl BulkheadOptions {
    pub(super) fn settings(&self) -> bulkhead::Settings {
        let max_queue = self.max_queue.unwrap_or(queue::DEFAULT);
        bulkhead::Settings { max: self.max, wait: self.wait.unwrap_or_default(), max_queue }
    }
}

impl RateLimitOptions {
    #[track_caller]
    const fn require(&self) {
        let Self { limit, per, burst, .. } = *self;
        if let (Some(limit), Some(per)) = (limit, per) {
            require(limit <= Pace::most_per(per), "`limit` must be at most one call in each microsecond of `per`");
            if let Some(burst) = burst {
                require(
                    Pace::refills(limit, per, burst),
                    "`burst` must be at most the calls of 146 years at this rate",
                );
            }
        }
    }

    /// Returns the name of the option that sets the rate (`per_second` or `limit`), the value of this option, and the
    /// period of the rate.
    fn rate(&self) -> Option<(&'static str, u32, Duration)> {
        match *self {
            Self { per_second: Some(limit), .. } => Some(("per_second", limit, Duration::from_secs(1))),
            Self { limit: Some(limit), per: Some(per), .. } => Some(("limit", limit, per)),
            _ => None,
        }
    }

    pub(super) fn settings(&self) -> rate_limit::Settings {
        let pace = self.rate().map(|(_, limit, per)| Pace::new(limit, per, self.burst));
        rate_limit::Settings {
            pace: pace.unwrap_or(Pace::NEVER),
            wait: self.wait.unwrap_or_default(),
            max_queue: self.max_queue.unwrap_or(queue::DEFAULT),
        }
    }
}

impl RetryOptions {
    pub(super) const fn schedule(&self) -> Schedule {
        let Self { max, delay, backoff, max_delay, jitter, max_elapsed, count_nested, retry_rejected } = *self;
        let mut schedule = Schedule::DEFAULT;
        macro_rules! set {
            ($($option:ident)*) => {
                $(if let Some(value) = $option { schedule = schedule.$option(value); })*
            };
        }
        set!(max delay backoff max_delay jitter max_elapsed count_nested retry_rejected);
        schedule
    }
}

fn check_count(option: &'static str, count: Option<u32>) -> Result<(), ConfigError> {
    match count {
        Some(0) => Err(ConfigError::new(option, "0".to_owned(), "a whole number of at least 1")),
        _ => Ok(()),
    }
}

fn check_time(option: &'static str, time: Option<Duration>) -> Result<(), ConfigError> {
    let error = |time, allowed: &'static str| Err(ConfigError::new(option, Value::Time(time).to_string(), allowed));
    match time {
        Some(Duration::ZERO) => error(Duration::ZERO, "longer than zero"),
        Some(time) if !fits(time) => error(time, LONGEST),
        _ => Ok(()),
    }
}

fn check_wait(wait: Option<Duration>) -> Result<(), ConfigError> {
    check_time("wait", wait.filter(|wait| !wait.is_zero()))
}

fn check_queue(max_queue: Option<u32>) -> Result<(), ConfigError> {
    queue::checked(max_queue).map(|_| ())
}

fn check_keys(max_keys: Option<u32>) -> Result<(), ConfigError> {
    CircuitOptions { max_keys, ..CircuitOptions::NONE }.check()
}
