//! Implements [`Layer`] for each kind of layer except circuits, and lists the layers of each kind.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::time::Duration;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::{ConfigError, Value};
#[cfg(feature = "faults")]
use crate::base::function::Position;
use crate::base::name::Name;
use crate::base::queue;
use crate::base::require::require;
use crate::base::scope::scoped;
use crate::bulkhead::bulkhead::{self, Bulkhead, BulkheadStats};
use crate::circuit::settings::Options as CircuitOptions;
use crate::fallback::{Fallback, FallbackStats};
use crate::hedge::after::HedgeAfter;
use crate::hedge::hedge::Hedge;
use crate::hedge::stats::HedgeStats;
use crate::rate_limit::pace::Pace;
use crate::rate_limit::rate_limit::{self, RateLimit};
use crate::rate_limit::stats::RateLimitStats;
use crate::registry::family::FamilyStats;
use crate::registry::keyed_limits::{KeyedBulkheads, KeyedRateLimits};
#[cfg(feature = "test-util")]
use crate::registry::layer::Options;
use crate::registry::layer::{Layer, LayerDeclaration, layer_options};
#[cfg(feature = "test-util")]
use crate::registry::layers::in_force;
use crate::registry::layers::{Layers, Listed};
#[cfg(feature = "serde")]
use crate::registry::waiting;
use crate::retry::backoff::Jitter;
use crate::retry::layer::{Retry, RetryStats};
use crate::retry::schedule::Schedule;
use crate::timeout::timeout::{Timeout, TimeoutStats};

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
        let both = self.per_second.is_some() && (self.limit.is_some() || self.per.is_some());
        let error = || ConfigError::new("limit", limit.to_string(), "absent beside `per_second`");
        if both { Some(error()) } else { Pace::check(option, limit, per, self.burst).err() }
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
    /// Checks the options that depend on each other.
    #[track_caller]
    pub const fn checked(self) -> Self {
        self.options.require();
        self
    }
}

impl LayerDeclaration<RateLimit> {
    /// Checks the options that depend on each other. The generated code calls this method if the macro does not know
    /// the value of an option, or the time between two calls.
    #[track_caller]
    pub const fn checked(self) -> Self {
        self.options.require();
        self
    }
}

impl LayerDeclaration<Retry> {
    /// Checks the options that depend on each other, such as `delay` and `max_delay`. The macro cannot check a constant
    /// of the user, because the macro does not know the value of the constant. For a constant, the generated code
    /// therefore calls this method.
    #[track_caller]
    pub const fn checked(self) -> Self {
        let _ = self.options.schedule().checked();
        self
    }
}

impl LayerDeclaration<Hedge> {
    /// Checks the limits of a percentile if a limit is a constant, because the macro does not know the value of a
    /// constant.
    #[track_caller]
    pub const fn checked(self) -> Self {
        if let (Some(min), Some(max)) = (self.options.min_after, self.options.max_after) {
            require(min.as_nanos() <= max.as_nanos(), "`min_after` must be at most as long as `max_after`");
        }
        self
    }
}

impl BulkheadOptions {
    fn settings(&self) -> bulkhead::Settings {
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

    /// Returns the name of the option that sets the limit, the limit, and the period.
    fn rate(&self) -> Option<(&'static str, u32, Duration)> {
        match *self {
            Self { per_second: Some(limit), .. } => Some(("per_second", limit, Duration::from_secs(1))),
            Self { limit: Some(limit), per: Some(per), .. } => Some(("limit", limit, per)),
            _ => None,
        }
    }

    fn settings(&self) -> rate_limit::Settings {
        let pace = self.rate().map(|(_, limit, per)| Pace::new(limit, per, self.burst));
        rate_limit::Settings {
            pace: pace.unwrap_or(Pace::NEVER),
            wait: self.wait.unwrap_or_default(),
            max_queue: self.max_queue.unwrap_or(queue::DEFAULT),
        }
    }
}

impl RetryOptions {
    const fn schedule(&self) -> Schedule {
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

/// Returns an error for an option that needs another option. `written` is true if the attribute has this other option.
fn needs(option: &'static str, value: Option<Value>, written: bool, other: &str) -> Option<ConfigError> {
    let allowed = format!("left out: the attribute has no option `{other}`");
    value.filter(|_| !written).map(|value| ConfigError::new(option, value.to_string(), allowed))
}

/// Returns an error for an option about waiting calls, if the calls of the layer never wait.
fn refuse_wait(
    is_named: bool,
    written: Option<Duration>,
    wait: Option<Duration>,
    max_queue: Option<u32>,
) -> Option<ConfigError> {
    let waits = is_named || written.is_some_and(|wait| !wait.is_zero());
    let other = "wait` or `name";
    needs("wait", wait.map(Value::Time), waits, other)
        .or_else(|| needs("max_queue", max_queue.map(Value::Count), waits, other))
}

fn refuse_hedge(written: &HedgeOptions, is_named: bool, changes: &HedgeOptions) -> Option<ConfigError> {
    let is_measured = matches!(written.after, Some(HedgeAfter::Percentile(_)));
    let most = if is_named { 5 } else { written.max.unwrap_or(2) };
    let error = |option, value: String, allowed: &str| Some(ConfigError::new(option, value, allowed.to_owned()));
    match *changes {
        HedgeOptions { after: Some(after), .. } if is_measured => {
            error("after", Value::from(after).to_string(), "left out: the hedge measures this time")
        }
        HedgeOptions { max: Some(max), .. } if max > most => error(
            "max",
            max.to_string(),
            &format!("at most {most}: the future of a call has room for as many attempts"),
        ),
        _ => None,
    }
}

/// Implements [`Layer`] and [`Listed`] for each kind of layer. `$create` is the function that creates a layer from a
/// name and the options. `$apply` is the function that changes the settings of a layer. `$refusal` is the function that
/// returns an error for an option without an effect. `$take` is the function that gives a new layer the state of a
/// snapshot.
macro_rules! kinds {
    ($(
        $layer:ident, $options:ident, $stats:ident, $kind:literal, $create:expr, $apply:expr, $refusal:expr
        $(, waiting $take:path)?;
    )*) => {
        /// A reference to the declaration of one attribute. The crate `inventory` collects all values of this type at
        /// link time.
        #[cfg(feature = "declare")]
        #[derive(Debug)]
        pub enum DeclaredLayer {
            $($layer(&'static LayerDeclaration<$layer>),)*
        }

        #[cfg(feature = "faults")]
        impl DeclaredLayer {
            /// Returns the position of the attribute on its function, and the option `name`.
            pub(crate) fn position(&self) -> (Option<Position>, Option<&'static str>) {
                match self {
                    $(Self::$layer(declaration) => (declaration.position, declaration.name),)*
                }
            }

            /// Returns the options in force, except the options that have their defaults.
            #[cfg(feature = "test-util")]
            pub(crate) fn settings(&self) -> Vec<(&'static str, Value)> {
                let options = match self {
                    $(Self::$layer(declaration) => in_force(declaration).entries(),)*
                };
                options.into_iter().filter_map(|(option, value)| Some((option, value?))).collect()
            }
        }

        $(
            impl Layer for $layer {
                type Options = $options;
                type Stats = $stats;
                const KIND: &'static str = $kind;

                fn create(name: Name, options: &$options) -> Self {
                    let create: fn(Name, &$options) -> Self = $create;
                    create(name, options)
                }

                fn layer_stats(&self) -> $stats {
                    self.stats()
                }

                fn refusal(written: &$options, is_named: bool, changes: &$options) -> Option<ConfigError> {
                    let refusal: fn(&$options, bool, &$options) -> Option<ConfigError> = $refusal;
                    refusal(written, is_named, changes)
                }

                fn apply(&self, options: &$options) -> bool {
                    let apply: fn(&Self, &$options) -> bool = $apply;
                    apply(self, options)
                }

                $(
                    #[cfg(feature = "serde")]
                    fn take_waiting(&self, name: &str) {
                        $take(self, name);
                    }
                )?
            }

            impl Listed for $layer {
                fn layers() -> &'static Layers<Self> {
                    static LAYERS: Layers<$layer> = Layers::new();
                    scoped(&LAYERS, Layers::new)
                }

                #[cfg(feature = "declare")]
                fn declared() -> Vec<&'static LayerDeclaration<Self>> {
                    let declared = inventory::iter::<DeclaredLayer>.into_iter();
                    declared.filter_map(|declared| match declared {
                        DeclaredLayer::$layer(declaration) => Some(*declaration),
                        _ => None,
                    }).collect()
                }

                #[cfg(not(feature = "declare"))]
                fn declared() -> Vec<&'static LayerDeclaration<Self>> {
                    Vec::new()
                }
            }

            #[cfg(feature = "declare")]
            impl crate::registry::site::Site<$layer> {
                pub const fn declared(&'static self) -> DeclaredLayer {
                    DeclaredLayer::$layer(self.declaration())
                }
            }
        )*
    };
}

kinds! {
    Bulkhead, BulkheadOptions, BulkheadStats, "bulkhead",
        |name, options| Bulkhead::new(name, options.settings()),
        |bulkhead, options| bulkhead.change(options.settings()),
        |written, is_named, changes| refuse_wait(is_named, written.wait, changes.wait, changes.max_queue)
            .or_else(|| needs("max_keys", changes.max_keys.map(Value::Count), false, "key"));
    KeyedBulkheads, BulkheadOptions, FamilyStats, "bulkhead",
        |name, options| KeyedBulkheads::new(&name, &options.settings(), options.max_keys),
        |keyed, options| keyed.change(&options.settings(), options.max_keys),
        |written, is_named, changes| refuse_wait(is_named, written.wait, changes.wait, changes.max_queue);
    KeyedRateLimits, RateLimitOptions, FamilyStats, "rate limit",
        |name, options| KeyedRateLimits::new(&name, &options.settings(), options.max_keys),
        |keyed, options| keyed.change(&options.settings(), options.max_keys),
        |written, is_named, changes| refuse_wait(is_named, written.wait, changes.wait, changes.max_queue),
        waiting waiting::give_keyed_limits;
    RateLimit, RateLimitOptions, RateLimitStats, "rate limit",
        |name, options| RateLimit::new(name, options.settings()),
        |limit, options| limit.change(options.settings()),
        |written, is_named, changes| refuse_wait(is_named, written.wait, changes.wait, changes.max_queue)
            .or_else(|| needs("max_keys", changes.max_keys.map(Value::Count), false, "key")),
        waiting waiting::give_limit;
    Timeout, TimeoutOptions, TimeoutStats, "timeout",
        |_, options| Timeout::after_time(options.timeout),
        |timeout, options| timeout.change(options.timeout),
        |_, _, _| None;
    Hedge, HedgeOptions, HedgeStats, "hedge",
        |_, options| Hedge::declared(options.after, [options.min_after, options.max_after], options.max),
        |hedge, options| hedge.change(options.after, options.max),
        refuse_hedge;
    Fallback, FallbackOptions, FallbackStats, "fallback",
        |_, _| Fallback::default(),
        |_, _| true,
        |_, _, _| None;
    Retry, RetryOptions, RetryStats, "retry",
        |_, options| Retry::new(options.schedule()),
        |retry, options| retry.change(options.schedule()),
        |written, is_named, changes| {
            let limit = changes.max_elapsed.map(Value::Time);
            needs("max_elapsed", limit, is_named || written.max_elapsed.is_some(), "max_elapsed` or `name")
        };
}

#[cfg(feature = "declare")]
inventory::collect!(DeclaredLayer);

/// Returns the declarations of all attributes except circuits.
#[cfg(feature = "faults")]
pub(crate) fn all() -> impl Iterator<Item = &'static DeclaredLayer> {
    inventory::iter::<DeclaredLayer>.into_iter()
}
