//! The settings of a breaker: what somebody wrote, what comes of it, and the live copy that a breaker reads.

use std::fmt;
use std::time::Duration;

use crate::clock::{LONGEST, fits, nanos};
use crate::error::ConfigError;
use crate::sync::{AtomicU32, AtomicU64, Ordering};

/// What one place wrote about a circuit. An option that is not written joins whatever others have written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) threshold: Option<u32>,
    pub(crate) cooldown: Option<Duration>,
    pub(crate) half_open_max: Option<u32>,
    pub(crate) trial_timeout: Option<Duration>,
}

/// The value of one option, to be compared and shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Count(u32),
    Time(Duration),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Time(time) => write!(f, "{time:?}"),
        }
    }
}

impl Options {
    pub(crate) const NONE: Self = Self { threshold: None, cooldown: None, half_open_max: None, trial_timeout: None };

    pub(crate) const LEN: usize = 4;

    /// Every option by its name.
    pub(crate) fn entries(&self) -> [(&'static str, Option<Value>); Self::LEN] {
        [
            ("threshold", self.threshold.map(Value::Count)),
            ("cooldown", self.cooldown.map(Value::Time)),
            ("half_open_max", self.half_open_max.map(Value::Count)),
            ("trial_timeout", self.trial_timeout.map(Value::Time)),
        ]
    }

    /// These options, and those of `others` where these say nothing.
    pub(crate) fn or(self, others: Self) -> Self {
        Self {
            threshold: self.threshold.or(others.threshold),
            cooldown: self.cooldown.or(others.cooldown),
            half_open_max: self.half_open_max.or(others.half_open_max),
            trial_timeout: self.trial_timeout.or(others.trial_timeout),
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        for (option, value) in self.entries() {
            let Some(value) = value else { continue };
            let allowed = match value {
                Value::Count(0) => "a whole number of at least 1",
                Value::Time(time) if !fits(time) => LONGEST,
                Value::Count(_) | Value::Time(_) => continue,
            };
            return Err(ConfigError::new(option, value.to_string(), allowed));
        }
        match self.trial_timeout {
            Some(Duration::ZERO) => Err(ConfigError::new("trial_timeout", "0s".to_owned(), "longer than zero")),
            _ => Ok(()),
        }
    }
}

/// What a breaker goes by: the written options over the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) threshold: u32,
    pub(crate) cooldown: Duration,
    pub(crate) half_open_max: u32,
    pub(crate) trial_timeout: Duration,
}

impl Settings {
    const THRESHOLD: u32 = 3;
    const COOLDOWN: Duration = Duration::from_secs(30);
    const HALF_OPEN_MAX: u32 = 1;
    const SHORTEST_TRIAL_TIMEOUT: Duration = Duration::from_secs(30);
}

impl From<Options> for Settings {
    fn from(options: Options) -> Self {
        let cooldown = options.cooldown.unwrap_or(Self::COOLDOWN);
        Self {
            threshold: options.threshold.unwrap_or(Self::THRESHOLD),
            cooldown,
            half_open_max: options.half_open_max.unwrap_or(Self::HALF_OPEN_MAX),
            trial_timeout: options.trial_timeout.unwrap_or(cooldown.max(Self::SHORTEST_TRIAL_TIMEOUT)),
        }
    }
}

/// The settings in force, read at every decision and copied nowhere, so that they may change while the program runs.
#[derive(Debug)]
pub(crate) struct LiveSettings {
    threshold: AtomicU32,
    half_open_max: AtomicU32,
    cooldown_nanos: AtomicU64,
    trial_timeout_nanos: AtomicU64,
}

impl LiveSettings {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            threshold: AtomicU32::new(settings.threshold),
            half_open_max: AtomicU32::new(settings.half_open_max),
            cooldown_nanos: AtomicU64::new(nanos(settings.cooldown)),
            trial_timeout_nanos: AtomicU64::new(nanos(settings.trial_timeout)),
        }
    }

    // Relaxed throughout: each option stands for itself, and a call may as well have begun just before the change.
    pub(crate) fn store(&self, settings: Settings) {
        self.threshold.store(settings.threshold, Ordering::Relaxed);
        self.half_open_max.store(settings.half_open_max, Ordering::Relaxed);
        self.cooldown_nanos.store(nanos(settings.cooldown), Ordering::Relaxed);
        self.trial_timeout_nanos.store(nanos(settings.trial_timeout), Ordering::Relaxed);
    }

    pub(crate) fn load(&self) -> Settings {
        Settings {
            threshold: self.threshold.load(Ordering::Relaxed),
            cooldown: self.cooldown(),
            half_open_max: self.half_open_max.load(Ordering::Relaxed),
            trial_timeout: Duration::from_nanos(self.trial_timeout_nanos()),
        }
    }

    pub(crate) fn cooldown(&self) -> Duration {
        Duration::from_nanos(self.cooldown_nanos())
    }

    pub(crate) fn cooldown_nanos(&self) -> u64 {
        self.cooldown_nanos.load(Ordering::Relaxed)
    }

    pub(crate) fn trial_timeout_nanos(&self) -> u64 {
        self.trial_timeout_nanos.load(Ordering::Relaxed)
    }
}
