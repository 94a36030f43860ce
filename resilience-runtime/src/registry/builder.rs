use std::borrow::Cow;
use std::panic::Location;
use std::time::Duration;

use crate::base::config_error::ConfigError;
use crate::base::name;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{Options, Settings};
use crate::registry::registry;
use crate::registry::written::Written;

/// Describes a breaker, from [`CircuitBreaker::builder`].
///
/// | option | default | allowed |
/// |---|---|---|
/// | `threshold` | 3 | at least 1 |
/// | `window` | | 1 ms to 24 h |
/// | `calls` | | 1 to 65,535 |
/// | `failure_rate` | | greater than 0, to 1 |
/// | `slow_call`, `slow_rate` | | longer than 0; greater than 0, to 1 |
/// | `min_calls` | | at least 1 |
/// | `cooldown` | 30 s | 0 to 584 years |
/// | `cooldown_factor` | 1.0 | finite, at least 1 |
/// | `max_cooldown` | the longer of the cooldown and 1 h | the cooldown, to 584 years |
/// | `cooldown_jitter` | 0.0 | 0 to 1 |
/// | `half_open_max` | 1 | at least 1 |
/// | `trial_timeout` | the longer of the cooldown and 30 s | longer than 0, to 584 years |
/// | `shadow` | false | |
///
/// What trips the circuit is one of these; other mixtures are errors:
///
/// - `threshold` alone: so many failures in a row.
/// - `threshold` with `window` or `calls`: so many failures in the last so much time, or among the last so many calls.
/// - `failure_rate`, or `slow_call` with `slow_rate`, or all three, with `min_calls` and with `window` or `calls`: such a share
///   of the calls failed or were slow, once there are `min_calls` of them.
///
/// A window of time slides in tenths: it forgets a call when it is between nine tenths of the window and all of it old. Ignored
/// and dropped calls are in no window. Only a failure opens a circuit by its failures, and only a failure or a slow call by its
/// slow ones.
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

impl CircuitBreaker {
    /// Starts to describe a breaker of this name.
    ///
    /// The name is what events, stats and errors show; any text that is not blank will do.
    #[track_caller]
    pub fn builder(name: impl Into<Cow<'static, str>>) -> CircuitBuilder {
        CircuitBuilder { name: name.into(), options: Options::NONE, place: Location::caller() }
    }
}

impl CircuitBuilder {
    /// The number of failures that opens the circuit, at least 1: in a row, or with [`window`](Self::window) or
    /// [`calls`](Self::calls) those in there. Default: 3 in a row.
    pub fn threshold(mut self, failures: u32) -> Self {
        self.options.threshold = Some(failures);
        self
    }

    /// The time over which failures are counted, 1 ms to 24 h.
    pub fn window(mut self, time: Duration) -> Self {
        self.options.window = Some(time);
        self
    }

    /// The number of calls over which failures are counted, 1 to 65,535.
    pub fn calls(mut self, calls: u32) -> Self {
        self.options.calls = Some(calls);
        self
    }

    /// The share of failed calls that opens the circuit, greater than 0, to 1.
    pub fn failure_rate(mut self, rate: f64) -> Self {
        self.options.failure_rate = Some(rate);
        self
    }

    /// How long a call takes that is slow, whatever it comes to. A slow success is a failed trial.
    ///
    /// From 100 ms on it is measured to 10 ms, below precisely, for two readings of the clock.
    pub fn slow_call(mut self, time: Duration) -> Self {
        self.options.slow_call = Some(time);
        self
    }

    /// The share of slow calls that opens the circuit, greater than 0, to 1.
    pub fn slow_rate(mut self, rate: f64) -> Self {
        self.options.slow_rate = Some(rate);
        self
    }

    /// The number of calls in the window from which on rates count, at least 1.
    pub fn min_calls(mut self, calls: u32) -> Self {
        self.options.min_calls = Some(calls);
        self
    }

    /// How long an open circuit rejects calls before it lets a trial pass, up to 584 years. Default: 30 s.
    ///
    /// With zero the next call is a trial already.
    pub fn cooldown(mut self, cooldown: Duration) -> Self {
        self.options.cooldown = Some(cooldown);
        self
    }

    /// By which the cooldown grows with each opening that follows a failed trial, finite, at least 1. Default: 1.
    ///
    /// Exponential backoff, as in Ethernet's (IEEE 802.3, 4.2.3.2.5). A circuit that closes or is reset begins anew.
    pub fn cooldown_factor(mut self, factor: f64) -> Self {
        self.options.cooldown_factor = Some(factor);
        self
    }

    /// What no cooldown is longer than, however it came about. Default: the longer of the cooldown and an hour.
    pub fn max_cooldown(mut self, max: Duration) -> Self {
        self.options.max_cooldown = Some(max);
        self
    }

    /// The share by which a cooldown may be longer at random, 0 to 1, so that many processes do not try again at once.
    /// Default: 0.
    pub fn cooldown_jitter(mut self, share: f64) -> Self {
        self.options.cooldown_jitter = Some(share);
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

    /// With true the circuit computes and counts what it would reject, and rejects nothing. Default: false.
    ///
    /// A call that would have been rejected counts in `total_rejected`, and in the totals as what it came to.
    pub fn shadow(mut self, shadow: bool) -> Self {
        self.options.shadow = Some(shadow);
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
        Ok(CircuitBreaker::new(self.name.into(), Settings::shared(self.options)))
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
        name::check(&self.name)?;
        if is_name_of_key(&self.name) {
            let allowed = "a name that does not end like `name[key]`, the name of a key";
            return Err(ConfigError::new("name", format!("{:?}", self.name), allowed));
        }
        self.options.check()
    }
}

/// Returns whether a circuit with a key can have this name.
fn is_name_of_key(name: &str) -> bool {
    name.strip_suffix(']').is_some_and(|name| name.contains('['))
}
