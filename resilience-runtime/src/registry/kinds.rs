//! Implements [`Layer`] for each kind of layer except circuits, and lists the layers of each kind.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::time::Duration;

use crate::base::config_error::{ConfigError, Value};
#[cfg(feature = "faults")]
use crate::base::function::Position;
use crate::base::name::Name;
use crate::base::queue;
use crate::base::require::require;
use crate::base::scope::scoped;
use crate::bulkhead::bulkhead::{self, Bulkhead, BulkheadStats};
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
}
layer_options! {
    RateLimitOptions for [RateLimit, KeyedRateLimits], needs [] {
        per_second: u32, limit: u32, per: Duration, burst: u32, wait: Duration, max_queue: u32, tokens: bool,
        max_keys: u32,
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
}
layer_options! {
    HedgeOptions for [Hedge], needs [after] { after: HedgeAfter, min_after: Duration, max_after: Duration, max: u32, }
}
layer_options! {
    FallbackOptions for [Fallback], needs [] {}
}
layer_options! {
    RetryOptions for [Retry], needs [] {
        max: u32, delay: Duration, backoff: f64, max_delay: Duration, jitter: Jitter, max_elapsed: Duration,
        count_nested: bool, retry_rejected: bool,
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

/// Implements [`Layer`] and [`Listed`] for each kind of layer. `$create` is the function that creates a layer from a
/// name and the options. `$take` gives a new layer the state that waits for its name.
macro_rules! kinds {
    ($($layer:ident, $options:ident, $stats:ident, $kind:literal, $create:expr $(, waiting $take:path)?;)*) => {
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
        |name, options| Bulkhead::new(name, options.settings());
    KeyedBulkheads, BulkheadOptions, FamilyStats, "bulkhead",
        |name, options| KeyedBulkheads::new(&name, &options.settings(), options.max_keys);
    KeyedRateLimits, RateLimitOptions, FamilyStats, "rate limit",
        |name, options| KeyedRateLimits::new(&name, &options.settings(), options.max_keys), waiting waiting::give_keyed_limits;
    RateLimit, RateLimitOptions, RateLimitStats, "rate limit",
        |name, options| RateLimit::new(name, options.settings()), waiting waiting::give_limit;
    Timeout, TimeoutOptions, TimeoutStats, "timeout", |_, options| Timeout::after_time(options.timeout);
    Hedge, HedgeOptions, HedgeStats, "hedge",
        |_, options| Hedge::declared(options.after, [options.min_after, options.max_after], options.max);
    Fallback, FallbackOptions, FallbackStats, "fallback", |_, _| Fallback::default();
    Retry, RetryOptions, RetryStats, "retry", |_, options| Retry::new(options.schedule());
}

#[cfg(feature = "declare")]
inventory::collect!(DeclaredLayer);

/// Returns the declarations of all attributes except circuits.
#[cfg(feature = "faults")]
pub(crate) fn all() -> impl Iterator<Item = &'static DeclaredLayer> {
    inventory::iter::<DeclaredLayer>.into_iter()
}
