use std::borrow::Cow;
use std::panic::Location;
use std::time::Duration;

use crate::base::config_error::{ConfigError, Counting};
use crate::base::name;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{Options, Settings};
use crate::registry::registry;
use crate::registry::written::Written;

/// Builds a [`CircuitBreaker`]. [`CircuitBreaker::builder`] returns this builder.
///
/// | option | default | allowed |
/// |---|---|---|
/// | `threshold` | 3 | at least 1 |
/// | `window` | | 1 ms to 24 h |
/// | `calls` | | 1 to 65,535 |
/// | `failure_rate` | | above 0, at most 1 |
/// | `slow_call`, `slow_rate` | | longer than 0; above 0, at most 1 |
/// | `min_calls` | | at least 1 |
/// | `cooldown` | 30 s | 0 to 584 years |
/// | `cooldown_factor` | 1.0 | finite, at least 1 |
/// | `max_cooldown` | the longer of the cooldown and 1 h | from the cooldown to 584 years |
/// | `cooldown_jitter` | 0.0 | 0 to 1 |
/// | `half_open_max` | 1 | at least 1 |
/// | `trial_timeout` | the longer of the cooldown and 30 s | longer than 0, to 584 years |
/// | `hung_after` | | longer than 0, to 584 years |
/// | `count_requests` | false | |
/// | `shadow` | false | |
///
/// The circuit opens by one of the following rules. Any other combination of the options in this list is an error:
///
/// - `threshold` alone: the circuit opens after this number of failures in a row.
/// - `threshold` with `window` or `calls`: the circuit opens after this number of failures in the window.
/// - `failure_rate`, or `slow_call` with `slow_rate`, or all three: the circuit opens when the share of failed or slow
///   calls in the window reaches the rate. This rule needs `min_calls`, and `window` or `calls`.
///
/// A window contains successes and failures, but no ignored or cancelled calls. A window of time moves in steps of a
/// tenth of its length. It drops a call when the call's age is between 90 % and 100 % of this length.
///
/// A success never opens a circuit by `threshold` or `failure_rate`. A success that is not slow never opens a circuit.
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
    /// Creates a builder of a breaker with this name.
    ///
    /// Events, statistics and errors show the name. The name must not be blank. It must not end in brackets, as
    /// `shard[7]` does, because circuits with keys have such names.
    #[track_caller]
    pub fn builder(name: impl Into<Cow<'static, str>>) -> CircuitBuilder {
        CircuitBuilder { name: name.into(), options: Options::NONE, place: Location::caller() }
    }
}

impl CircuitBuilder {
    /// Sets the number of failures that opens the circuit, at least 1. Default: 3.
    ///
    /// Without a window, these failures must be consecutive. With a [`window`](Self::window) of time or a window of
    /// [`calls`](Self::calls), all failures in the window count. With a window of calls, the threshold is at most
    /// `calls`.
    pub fn threshold(mut self, failures: u32) -> Self {
        self.options.threshold = Some(failures);
        self
    }

    /// Sets the length of the window of time in which calls are counted, 1 ms to 24 h. Default: no window.
    pub fn window(mut self, time: Duration) -> Self {
        self.options.window = Some(time);
        self
    }

    /// Sets the size of the window of calls: the number of newest calls that are counted, 1 to 65,535. Default: no
    /// window.
    pub fn calls(mut self, calls: u32) -> Self {
        self.options.calls = Some(calls);
        self
    }

    /// Sets the share of failed calls in the window that opens the circuit, above 0, at most 1. Default: none.
    pub fn failure_rate(mut self, rate: f64) -> Self {
        self.options.failure_rate = Some(rate);
        self
    }

    /// Sets the shortest duration of a slow call, longer than 0. Default: none, so no call is slow.
    ///
    /// While the circuit is half-open, a slow success counts as a failed trial. With this option, each call reads the
    /// clock twice.
    pub fn slow_call(mut self, time: Duration) -> Self {
        self.options.slow_call = Some(time);
        self
    }

    /// Sets the share of slow calls in the window that opens the circuit, above 0, at most 1. Default: none.
    pub fn slow_rate(mut self, rate: f64) -> Self {
        self.options.slow_rate = Some(rate);
        self
    }

    /// Sets the smallest number of calls in the window at which a rate can open the circuit, at least 1, at most
    /// [`calls`](Self::calls). A rule with `failure_rate` or `slow_rate` needs this option. Other rules do not allow
    /// it.
    pub fn min_calls(mut self, calls: u32) -> Self {
        self.options.min_calls = Some(calls);
        self
    }

    /// Sets the time from the opening of the circuit to the first trial, 0 to 584 years. Default: 30 s, or
    /// `max_cooldown` if that is shorter. A trial is a call that tests whether the service has recovered.
    ///
    /// With a cooldown of zero, the first call after the opening is a trial.
    pub fn cooldown(mut self, cooldown: Duration) -> Self {
        self.options.cooldown = Some(cooldown);
        self
    }

    /// Sets the factor by which the cooldown grows with each failed trial, finite, at least 1. Default: 1.
    ///
    /// The cooldown grows exponentially, like the backoff of Ethernet (IEEE 802.3, 4.2.3.2.5). After the circuit has
    /// closed or has been reset, the next opening has the configured cooldown again.
    pub fn cooldown_factor(mut self, factor: f64) -> Self {
        self.options.cooldown_factor = Some(factor);
        self
    }

    /// Sets the upper limit of every cooldown, longer than zero, at least the configured cooldown, at most 584 years.
    /// Default: the longer of the cooldown and 1 h.
    ///
    /// The limit applies to the cooldown after growth and jitter, and to the delays that a service asks for.
    pub fn max_cooldown(mut self, max: Duration) -> Self {
        self.options.max_cooldown = Some(max);
        self
    }

    /// Sets the largest share by which a cooldown is extended at random, 0 to 1. Default: 0.
    ///
    /// The extension keeps many processes from sending their trials at the same moment.
    pub fn cooldown_jitter(mut self, share: f64) -> Self {
        self.options.cooldown_jitter = Some(share);
        self
    }

    /// Sets the number of trials that the circuit admits while half-open, at least 1. Default: 1. A trial is a call
    /// that tests whether the service has recovered.
    ///
    /// The same number of successful trials closes the circuit.
    pub fn half_open_max(mut self, trials: u32) -> Self {
        self.options.half_open_max = Some(trials);
        self
    }

    /// Sets the time after which unfinished trials no longer block other calls, longer than zero, at most 584 years.
    /// Default: the longer of the cooldown and 30 s. The time is counted from the start of the newest trial.
    ///
    /// Without this limit, a trial that never ends would block the circuit for ever. No timer runs: the first call
    /// after this time becomes a trial. If an older trial ends after this time, its result still counts.
    pub fn trial_timeout(mut self, timeout: Duration) -> Self {
        self.options.trial_timeout = Some(timeout);
        self
    }

    /// Sets the time after which a call counts as a failure if it is cancelled, or if the caller's
    /// [`deadline`](crate::deadline()) ends it. The time is longer than zero, at most 584 years. Default: none, so such
    /// a call is neither a success nor a failure.
    ///
    /// For a permit, this time starts when the permit is acquired. For any other call, this time starts when the body
    /// of the call first waits.
    pub fn hung_after(mut self, time: Duration) -> Self {
        self.options.hung_after = Some(time);
        self
    }

    /// Sets whether only the failure of a first attempt counts. Default: false; the failure of each attempt counts.
    ///
    /// With `true`, one failing call cannot open the circuit by its own retries. A second or later attempt of a
    /// [`retry`](macro@crate::retry), of a [`RetryPolicy`](crate::RetryPolicy) or of a [`hedge`](macro@crate::hedge) is a
    /// repeat. The failure of a repeat appears in `total_failed` and in the events only. The success of a repeat counts like
    /// any other success. A half-open circuit counts every trial. A spawned task makes first attempts.
    ///
    /// In the attribute [`circuit`](macro@crate::circuit), this option is `count = "requests"`.
    pub fn count_requests(mut self, requests: bool) -> Self {
        self.options.count = Some(if requests { Counting::Requests } else { Counting::Attempts });
        self
    }

    /// Sets whether the circuit admits the calls that it would otherwise reject, and only counts them. Default: false.
    ///
    /// Each of these calls counts in `total_rejected` of the statistics. The outcome of the call appears in the other
    /// totals, but does not affect the circuit.
    pub fn shadow(mut self, shadow: bool) -> Self {
        self.options.shadow = Some(shadow);
        self
    }

    /// Creates a breaker that is not registered under its name. [`get_circuit_stats`](crate::get_circuit_stats) does
    /// not list this breaker. The breaker shares no state with other breakers of the same name.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] for a blank name, a name that ends in brackets, an option outside its range, or
    /// options that cannot be combined.
    pub fn build(self) -> Result<CircuitBreaker, ConfigError> {
        self.check()?;
        Ok(CircuitBreaker::new(self.name.into(), Settings::shared(self.options)))
    }

    /// Returns the breaker that the program shares under this name, and creates the breaker if necessary.
    ///
    /// An option that this builder does not set comes from an attribute or another builder. If no attribute or builder
    /// sets the option, the option comes from a [preset](crate::presets), or has its default.
    ///
    /// Before the first call of the circuit, a builder wins over an attribute that declares another value. A WARN event
    /// and [`check_circuits`](crate::check_circuits) report this conflict. After the first call, or after
    /// [`get_circuit`](crate::get_circuit) has registered the circuit, a builder with another value receives an error.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`], and leaves all registered circuits unchanged, in these cases:
    ///
    /// - The name is blank, or ends in brackets, as `shard[7]` does.
    /// - The name belongs to circuits with keys.
    /// - An option of this builder is outside its range, or cannot be combined with another option of this builder.
    /// - An attribute or another builder has already set an option that this builder contradicts and cannot override.
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

/// Returns whether a name ends in brackets, as the name `shard[7]` of a circuit with a key does.
fn is_name_of_key(name: &str) -> bool {
    name.strip_suffix(']').is_some_and(|name| name.contains('['))
}
