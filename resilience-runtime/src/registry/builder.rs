//! Implements the builder of a circuit, with the options that the builder of circuits with keys has, too.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::time::Duration;

use crate::base::config_error::ConfigError;
use crate::base::name;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{Counting, Options, Settings};
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
/// | `durations` | false | |
/// | `max_keys` | 10,000 | 1 to 9,999,999; only for [`KeyedCircuits`] |
///
/// The options decide by which of the following rules the circuit opens. If the options match no rule, `build` and
/// `register` return an error.
///
/// - `threshold` alone: the circuit opens after `threshold` failures in a row.
/// - `threshold` with `window` or `calls`: the circuit opens after `threshold` failures in the window of time or of
///   calls.
/// - `failure_rate`, or `slow_call` with `slow_rate`, or all three options: the circuit opens when the share of failed
///   calls in the window reaches `failure_rate`. The circuit also opens when the share of slow calls reaches
///   `slow_rate`. A rule with rates needs `min_calls`, and `window` or `calls`.
///
/// A window of time contains the calls that ended at most `window` ago. A window of calls contains the newest `calls`
/// calls. A window contains successes and failures, but no ignored or cancelled calls. A window of time moves in steps
/// of a tenth of its length. The window therefore drops each call at an age between 90 % and 100 % of this length.
///
/// A success never opens a circuit by `threshold` or `failure_rate`. A slow success can open a circuit by `slow_rate`.
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
///
/// The builder of [`KeyedCircuits`] has the same options, and the option [`max_keys`](Self::max_keys).
///
/// [`KeyedCircuits`]: crate::KeyedCircuits
#[must_use = "a builder does nothing until `build` or `register`"]
pub struct CircuitBuilder<T = CircuitBreaker> {
    pub(super) name: Cow<'static, str>,
    pub(super) options: Options,
    place: &'static Location<'static>,
    builds: PhantomData<fn() -> T>,
}

impl CircuitBreaker {
    /// Creates a builder of a breaker with this name.
    ///
    /// Events, statistics and errors show the name. The name must not be blank. The name must not end in brackets, as
    /// `shard[7]` does, because circuits with the option `key` have names with brackets.
    #[track_caller]
    pub fn builder(name: impl Into<Cow<'static, str>>) -> CircuitBuilder {
        CircuitBuilder::new(name.into())
    }
}

/// The marker of a [`CircuitBuilder`] that changes the settings of an existing circuit, for
/// [`configure`](fn@crate::configure).
#[derive(Debug)]
#[non_exhaustive]
pub struct Configured;

impl CircuitBuilder<Configured> {
    /// Sets the maximum number of circuits with keys, 1 to 9,999,999.
    pub fn max_keys(mut self, keys: u32) -> Self {
        self.options.max_keys = Some(keys);
        self
    }

    /// Returns the options that were set.
    pub(crate) fn options(&self) -> Options {
        self.options
    }
}

impl<T> CircuitBuilder<T> {
    #[track_caller]
    pub(crate) fn new(name: Cow<'static, str>) -> Self {
        Self { name, options: Options::NONE, place: Location::caller(), builds: PhantomData }
    }

    /// Sets the number of failures at which the circuit opens, at least 1. Default: 3.
    ///
    /// Without a window, the failures must be consecutive. With a [`window`](Self::window) of time or a window of
    /// [`calls`](Self::calls), all failures in the window count. With a window of calls, the threshold must be at most
    /// `calls`.
    pub fn threshold(mut self, failures: u32) -> Self {
        self.options.threshold = Some(failures);
        self
    }

    /// Sets the length of the window of time in which calls are counted, 1 ms to 24 h. Default: no window.
    #[doc(alias("sampling duration", "sliding window"))]
    pub fn window(mut self, time: Duration) -> Self {
        self.options.window = Some(time);
        self
    }

    /// Sets the size of the window of calls: the number of newest calls that are counted, 1 to 65,535. Default: no
    /// window.
    #[doc(alias = "sliding window")]
    pub fn calls(mut self, calls: u32) -> Self {
        self.options.calls = Some(calls);
        self
    }

    /// Sets the failure rate at which the circuit opens, above 0, at most 1. Default: none. The failure rate is the
    /// share of failed calls in the window of time or of [`calls`](Self::calls).
    pub fn failure_rate(mut self, rate: f64) -> Self {
        self.options.failure_rate = Some(rate);
        self
    }

    /// Sets the shortest duration of a slow call, longer than 0. Default: none, so no call is slow.
    ///
    /// A trial is a call of a half-open circuit, which tests whether the service has recovered. A slow trial counts as
    /// a failure, even if it succeeds. With the option `slow_call`, each call reads the clock twice.
    pub fn slow_call(mut self, time: Duration) -> Self {
        self.options.slow_call = Some(time);
        self
    }

    /// Sets the slow rate at which the circuit opens, above 0, at most 1. Default: none. The slow rate is the share of
    /// slow calls in the window of time or of [`calls`](Self::calls).
    pub fn slow_rate(mut self, rate: f64) -> Self {
        self.options.slow_rate = Some(rate);
        self
    }

    /// Sets the number of calls that the window (of time or of `calls`) must contain before `failure_rate` or
    /// `slow_rate` can open the circuit. The number must be at least 1, and at most [`calls`](Self::calls). The option
    /// `min_calls` is required with `failure_rate` or `slow_rate`, and is not allowed without one of these options.
    #[doc(alias = "minimum throughput")]
    pub fn min_calls(mut self, calls: u32) -> Self {
        self.options.min_calls = Some(calls);
        self
    }

    /// Sets the time from the opening of the circuit to the first trial, 0 to 584 years. Default: 30 s, or
    /// `max_cooldown` if `max_cooldown` is shorter. A trial is a call that tests whether the service has recovered.
    ///
    /// With a cooldown of zero, the first call after the opening is a trial.
    #[doc(alias("break duration", "reset timeout", "wait duration"))]
    pub fn cooldown(mut self, cooldown: Duration) -> Self {
        self.options.cooldown = Some(cooldown);
        self
    }

    /// Sets the factor by which the cooldown grows with each failed trial, finite, at least 1. Default: 1. A trial is a
    /// call that tests whether the service has recovered.
    ///
    /// The cooldown grows exponentially, like the backoff of Ethernet (IEEE 802.3, 4.2.3.2.5). When the circuit closes
    /// or is reset, the cooldown returns to the configured value.
    pub fn cooldown_factor(mut self, factor: f64) -> Self {
        self.options.cooldown_factor = Some(factor);
        self
    }

    /// Sets the upper limit of every cooldown. The limit must be longer than zero, at least the configured cooldown,
    /// and at most 584 years. Default: the longer of the cooldown and 1 h.
    ///
    /// The limit applies to cooldowns that `cooldown_factor` or `cooldown_jitter` has extended. The limit also applies
    /// to delays that a service asks for, for example by a `Retry-After` header.
    pub fn max_cooldown(mut self, max: Duration) -> Self {
        self.options.max_cooldown = Some(max);
        self
    }

    /// Sets the largest random extension of a cooldown, as a share of the cooldown, 0 to 1. Default: 0.
    ///
    /// A trial is a call that tests whether the service has recovered. Because of the random extension, many processes
    /// send their trials at different moments.
    pub fn cooldown_jitter(mut self, share: f64) -> Self {
        self.options.cooldown_jitter = Some(share);
        self
    }

    /// Sets the number of trials that the circuit admits while half-open, at least 1. Default: 1. A trial is a call
    /// that tests whether the service has recovered.
    ///
    /// After `half_open_max` successful trials, the circuit closes.
    #[doc(alias = "permitted calls")]
    pub fn half_open_max(mut self, trials: u32) -> Self {
        self.options.half_open_max = Some(trials);
        self
    }

    /// Sets the time after which unfinished trials no longer block other calls, longer than zero, at most 584 years.
    /// Default: the longer of the cooldown and 30 s. The time starts at the start of the newest trial. A trial is a
    /// call that tests whether the service has recovered.
    ///
    /// Without this time limit, a trial that never ends would block the circuit for ever. The circuit runs no timer.
    /// The first call after `trial_timeout` becomes a trial. If an older trial ends after `trial_timeout`, the result
    /// of the older trial still counts.
    pub fn trial_timeout(mut self, timeout: Duration) -> Self {
        self.options.trial_timeout = Some(timeout);
        self
    }

    /// Sets the time after which a call without an outcome counts as a failure. A call has no outcome if the call is
    /// cancelled, or if the caller's [`deadline`](crate::deadline()) ends the call. The time must be longer than zero,
    /// and at most 584 years. Default: none, so a call without an outcome is neither a success nor a failure.
    ///
    /// If the caller acquires a permit with [`try_acquire`](CircuitBreaker::try_acquire), the time starts at once. In a
    /// call of a function with `#[circuit]` or of [`CircuitBreaker::call`], the time starts at the latest when the body
    /// of the call first waits.
    pub fn hung_after(mut self, time: Duration) -> Self {
        self.options.hung_after = Some(time);
        self
    }

    /// Sets whether the circuit counts only the failures of first attempts. Default: false, so the circuit counts the
    /// failures of all attempts.
    ///
    /// With `true`, the retries of one failing call cannot open a closed circuit. A repeat is a second or later attempt
    /// of a [`retry`](macro@crate::retry), of a [`RetryPolicy`](crate::RetryPolicy) or of a
    /// [`hedge`](macro@crate::hedge). The failure of a repeat appears only in `total_failed` of the statistics and in
    /// the events. The success of a repeat counts like the success of a first attempt. If a repeat spawns a task, the
    /// calls in the task count as first attempts.
    ///
    /// A trial is a call that tests whether the service has recovered. A half-open circuit counts the outcome of every
    /// trial, even if the trial is a repeat.
    ///
    /// In the attribute [`circuit`](macro@crate::circuit), this option is `count = "requests"`.
    pub fn count_requests(mut self, requests: bool) -> Self {
        self.options.count = Some(if requests { Counting::Requests } else { Counting::Attempts });
        self
    }

    /// Sets whether the circuit admits calls that the circuit would otherwise reject. Default: false.
    ///
    /// With `true`, a call that the circuit would otherwise reject counts in `total_rejected` of the statistics. The
    /// outcome of this call appears in the other totals of the statistics, but does not affect the state of the
    /// circuit.
    #[doc(alias = "metrics only")]
    pub fn shadow(mut self, shadow: bool) -> Self {
        self.options.shadow = Some(shadow);
        self
    }

    /// Sets whether the metrics show the durations of calls. Default: false.
    ///
    /// With `true`, the metric `resilience_call_duration_seconds` contains a histogram for each outcome: success,
    /// failure, ignored and cancelled. A rejected call has no duration. Each call then reads tokio's clock twice. The
    /// first call allocates the memory of the histogram, 750 bytes for each circuit. No call takes a further lock.
    #[doc(alias = "histogram")]
    pub fn durations(mut self, durations: bool) -> Self {
        self.options.durations = Some(durations);
        self
    }

    pub(super) fn written(&self) -> Written {
        Written { options: self.options, place: self.place }
    }
}

impl CircuitBuilder<CircuitBreaker> {
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

    /// Returns the breaker that the program shares under this name. Creates the breaker if no breaker of this name
    /// exists.
    ///
    /// If this builder does not set an option, the option comes from an attribute or another builder with this name. If
    /// no attribute or builder sets the option, the option comes from a [preset](crate::presets) (a ready-made
    /// circuit), or has its default.
    ///
    /// Before the first call of a function with this circuit, a builder overrides the options of attributes. If the
    /// builder and an attribute set different values for an option, there is a conflict. A WARN event and
    /// [`check_circuits`](crate::check_circuits) report the conflict. After this first call, `register` returns an
    /// error for a conflict, and the value of the attribute stays in force. The same applies after
    /// [`get_circuit`](crate::get_circuit) has registered the circuit.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`], and leaves all registered circuits unchanged, in these cases:
    ///
    /// - The name is blank, or ends in brackets, as `shard[7]` does.
    /// - The name belongs only to circuits with the option `key`.
    /// - An option of this builder is outside its range, or cannot be combined with another option of this builder.
    /// - This builder contradicts an option of an attribute or of another builder, and cannot override this option.
    pub fn register(self) -> Result<CircuitBreaker, ConfigError> {
        self.check()?;
        registry::register(self.name.clone(), self.written())
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

impl<T> Clone for CircuitBuilder<T> {
    fn clone(&self) -> Self {
        Self { name: self.name.clone(), ..*self }
    }
}

impl<T> fmt::Debug for CircuitBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, options, place, .. } = self;
        let builder = &mut f.debug_struct("CircuitBuilder");
        builder.field("name", name).field("options", options).field("place", place).finish()
    }
}

/// Returns true if a name has the form `name[key]`, as the names of circuits with the option `key` do.
fn is_name_of_key(name: &str) -> bool {
    name.strip_suffix(']').is_some_and(|name| name.contains('['))
}
