use std::borrow::Cow;
use std::panic::Location;
use std::time::Duration;

use crate::breaker::CircuitBreaker;
use crate::config::{Options, Settings};
use crate::error::ConfigError;
use crate::registry::{self, Written};

/// Describes a breaker, from [`CircuitBreaker::builder`].
///
/// | option | default | allowed |
/// |---|---|---|
/// | `threshold` | 3 | at least 1 |
/// | `cooldown` | 30 s | 0 to 584 years |
/// | `half_open_max` | 1 | at least 1 |
/// | `trial_timeout` | the longer of the cooldown and 30 s | longer than 0, to 584 years |
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::CircuitBreaker;
///
/// # fn main() -> Result<(), resilience_runtime::ConfigError> {
/// let breaker = CircuitBreaker::builder("payments").threshold(5).cooldown(Duration::from_secs(60)).build()?;
/// assert_eq!(breaker.stats().threshold, 5);
///
/// let error = CircuitBreaker::builder("payments").threshold(0).build().unwrap_err();
/// assert_eq!(error.to_string(), "`threshold` is 0, but must be a whole number of at least 1");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` or `register`"]
pub struct CircuitBuilder {
    name: Cow<'static, str>,
    options: Options,
    place: &'static Location<'static>,
}

impl CircuitBuilder {
    pub(crate) fn new(name: Cow<'static, str>, place: &'static Location<'static>) -> Self {
        Self { name, options: Options::NONE, place }
    }

    /// The number of failures in a row that opens the circuit, at least 1. Default: 3.
    pub fn threshold(mut self, failures: u32) -> Self {
        self.options.threshold = Some(failures);
        self
    }

    /// How long an open circuit rejects calls before it lets a trial pass, up to 584 years. Default: 30 s.
    ///
    /// With zero the next call is a trial already.
    pub fn cooldown(mut self, cooldown: Duration) -> Self {
        self.options.cooldown = Some(cooldown);
        self
    }

    /// How many trials may pass while half-open, and how many successes close the circuit, at least 1. Default: 1.
    pub fn half_open_max(mut self, trials: u32) -> Self {
        self.options.half_open_max = Some(trials);
        self
    }

    /// How long after the newest trial began the slots of trials that have not ended come back, longer than zero.
    /// Default: the longer of the cooldown and 30 s.
    ///
    /// This keeps a trial that hangs for ever from shutting everybody out. There is no timer: the next caller finds it out
    /// and becomes a trial. What the late one comes to still counts.
    pub fn trial_timeout(mut self, timeout: Duration) -> Self {
        self.options.trial_timeout = Some(timeout);
        self
    }

    /// Makes a breaker of its own, outside the registry: `get_circuit_stats` does not list it, and other breakers of
    /// the same name have nothing to do with it.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for a blank name or an option outside its range.
    pub fn build(self) -> Result<CircuitBreaker, ConfigError> {
        self.check()?;
        Ok(CircuitBreaker::new(self.name.into(), Settings::from(self.options)))
    }

    /// Returns the breaker that the program shares under this name, made if need be.
    ///
    /// Options that are not written here join what is registered; one that is written for the first time takes the
    /// place of a preset or a default.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for a blank name, an option outside its range, or one for which the circuit is registered with
    /// another value. The registry is unchanged then.
    pub fn register(self) -> Result<CircuitBreaker, ConfigError> {
        self.check()?;
        registry::register(self.name.into(), Written { options: self.options, place: self.place })
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.name.trim().is_empty() {
            return Err(ConfigError::new("name", format!("{:?}", self.name), "a text that is not blank"));
        }
        self.options.check()
    }
}
