//! Implements [`CircuitBuilder`], the builder of a circuit or of circuits with keys.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::time::Duration;

use crate::base::config_error::ConfigError;
use crate::base::name;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::options::{Counting, Options};
use crate::circuit::settings::Settings;
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
/// | `slow_call`, `slow_rate` | | longer than 0, to 584 years; above 0, at most 1 |
/// | `min_calls` | | at least 1 |
/// | `cooldown` | 30 s, or a shorter `max_cooldown` | 0 to 584 years |
/// | `cooldown_factor` | 1.0 | finite, at least 1 |
/// | `max_cooldown` | the longer of the cooldown and 1 h | longer than 0, from the cooldown to 584 years |
/// | `cooldown_jitter` | 0.0 | 0 to 1 |
/// | `half_open_max` | 1 | at least 1 |
/// | `trial_timeout` | the longer of the cooldown and 30 s | longer than 0, to 584 years |
/// | `hung_after` | | longer than 0, to 584 years |
/// | `count_requests` | false | |
/// | `shadow` | false | |
/// | `durations` | false | |
/// | `max_keys` | 10,000 | 1 to 9,999,999; only for [`KeyedCircuits`] |
///
/// The options select the rule by which the circuit opens. If they match none of the following rules, `build` and
/// `register` return an error.
///
/// - `threshold` alone: the circuit opens after `threshold` failures in a row.
/// - `threshold` with `window` or `calls`: the circuit opens after `threshold` failures within the window.
/// - `failure_rate`: the circuit opens when the share of failed calls in the window reaches `failure_rate`.
/// - `slow_rate` with `slow_call`: the circuit opens when the share of slow calls in the window reaches `slow_rate`.
///
/// A circuit with both `failure_rate` and `slow_rate` opens when one of the two rates is reached. Each rate needs
/// `min_calls`, and `window` or `calls`.
///
/// A window of time contains the calls that ended at most `window` ago. A window of calls contains the most recent
/// calls. The option `calls` sets their number. A window contains successes and failures, but no ignored or cancelled
/// calls. A window of time moves in steps of a tenth of its length. It therefore drops each call at an age between 90 %
/// and 100 % of this length.
///
/// A success can open a circuit only if the success is slow, and the circuit has the option `slow_rate`.
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
    /// Creates a builder for a breaker with this name.
    ///
    /// Events, statistics and errors show the name, which must not be blank. The name must not end in brackets, because
    /// a name such as `shard[7]` belongs to a circuit with the option `key`.
    #[track_caller]
    pub fn builder(name: impl Into<Cow<'static, str>>) -> CircuitBuilder {
        CircuitBuilder::new(name.into())
    }
}

/// Marks a [`CircuitBuilder`] that changes the settings of an existing circuit. The closure that
/// [`configure`](fn@crate::configure) calls receives such a builder.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{CircuitBreaker, CircuitBuilder, Configured, configure};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// fn strict(circuit: CircuitBuilder<Configured>) -> CircuitBuilder<Configured> {
///     circuit.threshold(1).cooldown(Duration::from_secs(60))
/// }
///
/// let breaker = CircuitBreaker::builder("configured_example").register()?;
/// configure("configured_example", strict)?;
/// assert_eq!(breaker.stats().threshold, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Configured;

impl CircuitBuilder<Configured> {
    /// Sets the maximum number of circuits with this name and a key, 1 to 9,999,999.
    pub fn max_keys(mut self, keys: u32) -> Self {
        self.options.max_keys = Some(keys);
        self
    }

    /// Returns the options that the closure of `configure` has set.
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
    ///
    /// A builder with [`failure_rate`](Self::failure_rate) or [`slow_rate`](Self::slow_rate) must not set this option.
    pub fn threshold(mut self, failures: u32) -> Self {
        self.options.threshold = Some(failures);
        self
    }

    /// Sets the length of the window of time in which calls are counted, 1 ms to 24 h. Default: no window. A builder
    /// with [`calls`](Self::calls) must not set this option.
    #[doc(alias("sampling duration", "sliding window"))]
    pub fn window(mut self, time: Duration) -> Self {
        self.options.window = Some(time);
        self
    }

    /// Sets the size of the window of calls: the number of most recent calls that are counted, 1 to 65,535. Default: no
    /// window. A builder with [`window`](Self::window) must not set this option.
    #[doc(alias = "sliding window")]
    pub fn calls(mut self, calls: u32) -> Self {
        self.options.calls = Some(calls);
        self
    }

    /// Sets the failure rate at which the circuit opens, above 0, at most 1. Default: none. The failure rate is the
    /// share of failed calls in the window of time or of [`calls`](Self::calls).
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, CircuitState};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("rate_example").failure_rate(0.5).calls(4).min_calls(4).build()?;
    /// for is_failure in [false, false, true, true] {
    ///     let permit = breaker.try_acquire()?;
    ///     if is_failure { permit.failure() } else { permit.success() }
    /// }
    /// assert_eq!(breaker.state(), CircuitState::Open);
    /// # Ok(())
    /// # }
    /// ```
    pub fn failure_rate(mut self, rate: f64) -> Self {
        self.options.failure_rate = Some(rate);
        self
    }

    /// Sets the shortest duration of a slow call, longer than 0, at most 584 years. Default: none, so no call is slow.
    /// This option requires [`slow_rate`](Self::slow_rate).
    ///
    /// The time starts when the circuit admits the call, and includes the waits of layers below the circuit, such as
    /// the queue of a bulkhead. A slow trial (a call of a half-open circuit) counts as a failure, even if it succeeds.
    /// With `slow_call`, a success reads the clock twice, and a failure three times.
    pub fn slow_call(mut self, time: Duration) -> Self {
        self.options.slow_call = Some(time);
        self
    }

    /// Sets the slow rate at which the circuit opens, above 0, at most 1. Default: none. The slow rate is the share of
    /// slow calls in the window of time or of [`calls`](Self::calls). This option requires
    /// [`slow_call`](Self::slow_call).
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::{CircuitBreaker, CircuitState};
    /// use tokio::time::advance;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("slow_example")
    ///     .slow_call(Duration::from_secs(1))
    ///     .slow_rate(0.5)
    ///     .calls(10)
    ///     .min_calls(2)
    ///     .build()?;
    /// for _ in 0..2 {
    ///     let permit = breaker.try_acquire()?;
    ///     advance(Duration::from_secs(2)).await;
    ///     permit.success();
    /// }
    /// assert_eq!(breaker.state(), CircuitState::Open);
    /// # Ok(())
    /// # }
    /// ```
    pub fn slow_rate(mut self, rate: f64) -> Self {
        self.options.slow_rate = Some(rate);
        self
    }

    /// Sets the number of calls that the window must contain before a rate can open the circuit, at least 1, at most
    /// [`calls`](Self::calls). A builder with `failure_rate` or `slow_rate` must set this option. Any other builder
    /// must not set this option.
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

    /// Sets the factor by which the cooldown grows with each failed trial, finite, at least 1. Default: 1.
    ///
    /// The cooldown grows exponentially, like the backoff of Ethernet (IEEE 802.3, 4.2.3.2.5). When the circuit closes
    /// or is reset, the cooldown returns to the configured value.
    pub fn cooldown_factor(mut self, factor: f64) -> Self {
        self.options.cooldown_factor = Some(factor);
        self
    }

    /// Sets the upper limit of every cooldown, longer than zero, at least as long as `cooldown`, at most 584 years.
    /// Default: the longer of `cooldown` and 1 h.
    ///
    /// The limit also applies to cooldowns that `cooldown_factor` or `cooldown_jitter` extends, and to delays that a
    /// service asks for, such as `Retry-After`.
    pub fn max_cooldown(mut self, max: Duration) -> Self {
        self.options.max_cooldown = Some(max);
        self
    }

    /// Sets the largest random extension of a cooldown, as a share of the cooldown, 0 to 1. Default: 0.
    ///
    /// Because of the random extension, several processes send their trials at different moments. For cooldowns of
    /// almost one hour or longer, also set [`max_cooldown`](Self::max_cooldown), because its default limits the
    /// extension.
    pub fn cooldown_jitter(mut self, share: f64) -> Self {
        self.options.cooldown_jitter = Some(share);
        self
    }

    /// Sets the number of trials that the circuit admits while half-open, at least 1. Default: 1.
    ///
    /// After `half_open_max` successful trials, the circuit closes. After several trials that were ignored or cancelled,
    /// the circuit admits more trials. If each request makes several calls of the circuit at the same time, set at
    /// least this number of calls. See [States](macro@crate::circuit#states).
    #[doc(alias = "permitted calls")]
    pub fn half_open_max(mut self, trials: u32) -> Self {
        self.options.half_open_max = Some(trials);
        self
    }

    /// Sets the time after which unfinished trials no longer block other calls, longer than zero, at most 584 years.
    /// Default: the longer of the cooldown and 30 s. The time starts with the newest trial.
    ///
    /// Without this limit, a trial that never ends would block the circuit for ever. The first call after
    /// `trial_timeout` becomes a further trial. If an older trial ends later, its outcome still counts.
    pub fn trial_timeout(mut self, timeout: Duration) -> Self {
        self.options.trial_timeout = Some(timeout);
        self
    }

    /// Sets the time after which a call that ends without an outcome counts as a failure, longer than zero, at most 584
    /// years. A call has no outcome if it is cancelled, or if the caller's [`deadline`](crate::deadline()) ends it.
    /// Default: none, so such a call is neither a success nor a failure.
    ///
    /// With [`try_acquire`](CircuitBreaker::try_acquire), the time starts when this method returns the permit. With
    /// `#[circuit]` or [`CircuitBreaker::call`], the time starts at the latest when the body first waits.
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
    /// the events. The success of a repeat counts like the success of a first attempt. The calls in a task that a
    /// repeat spawns count as first attempts.
    ///
    /// A half-open circuit counts the outcome of every trial, even if the trial is a repeat.
    ///
    /// In the attribute [`circuit`](macro@crate::circuit), this option is `count = "requests"`.
    pub fn count_requests(mut self, requests: bool) -> Self {
        self.options.count = Some(if requests { Counting::Requests } else { Counting::Attempts });
        self
    }

    /// Sets whether the circuit admits the calls that it would otherwise reject. Default: false.
    ///
    /// With `true`, such a call counts in `total_rejected` of the statistics. Its outcome also appears in the other
    /// totals, but does not affect the state of the circuit.
    #[doc(alias = "metrics only")]
    pub fn shadow(mut self, shadow: bool) -> Self {
        self.options.shadow = Some(shadow);
        self
    }

    /// Sets whether the metrics show the durations of calls. Default: false.
    ///
    /// With `true`, the metric `resilience_call_duration_seconds` contains a histogram for each outcome: success,
    /// failure, ignored and cancelled. A rejected call has no duration. Each admitted call reads tokio's clock twice. A
    /// circuit allocates about 750 bytes for the histograms at the end of its first call. The histograms need no lock.
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
    /// Creates a breaker, but does not register it. [`get_circuit_stats`](crate::get_circuit_stats) does not list this
    /// breaker. The breaker shares no state with other breakers of the same name.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] for a blank name, a name that ends in brackets, an option outside its range, or
    /// options that cannot be combined.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, get_circuit};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("not_registered").threshold(5).build()?;
    /// assert_eq!(breaker.stats().threshold, 5);
    /// assert!(get_circuit("not_registered").is_none());
    ///
    /// let error = CircuitBreaker::builder("shard[7]").build().unwrap_err();
    /// assert_eq!(error.option(), "name");
    /// # Ok(())
    /// # }
    /// ```
    pub fn build(self) -> Result<CircuitBreaker, ConfigError> {
        self.check()?;
        Ok(CircuitBreaker::new(self.name.into(), Settings::shared(self.options)))
    }

    /// Returns the registered breaker of this name. The whole program shares this breaker. Creates and registers the
    /// breaker if it does not exist.
    ///
    /// An option that this builder does not set comes from an attribute or another builder with this name. If no
    /// attribute or builder sets the option, the value comes from a [preset](crate::presets) (a ready-made circuit), or
    /// is the default.
    ///
    /// If `register` runs before the first call of a function with this circuit, the options of the builder override
    /// the options of attributes. If an attribute sets a different value, a WARN event and
    /// [`check_circuits`](crate::check_circuits) report the conflict. After the first call, or after
    /// [`get_circuit`](crate::get_circuit) has registered the circuit, the value of the attribute stays in force.
    /// `register` then returns an error for a different value. A circuit that only [`configure`](fn@crate::configure)
    /// or a restored snapshot has created does not count as registered.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`], and leaves all registered circuits unchanged, in these cases:
    ///
    /// - The name is blank, or ends in brackets, such as `shard[7]`.
    /// - Only circuits with the option `key` have this name.
    /// - An option of this builder is outside its range, or cannot be combined with another option of this builder.
    /// - An attribute or another builder has set an option to a different value, and this builder can no longer
    ///   override this value.
    /// - A file, the environment or [`configure`](fn@crate::configure) has changed an option of this circuit, and this
    ///   option cannot be combined with an option of this builder.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, get_circuit_stats};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("registered_example").threshold(5).register()?;
    /// breaker.try_acquire()?.failure();
    /// assert_eq!(get_circuit_stats()["registered_example"].failures, 1);
    ///
    /// let error = CircuitBreaker::builder("registered_example").threshold(6).register().unwrap_err();
    /// assert_eq!((error.option(), error.value()), ("threshold", "6"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn register(self) -> Result<CircuitBreaker, ConfigError> {
        self.check()?;
        registry::register(self.name.clone(), self.written())
    }

    fn check(&self) -> Result<(), ConfigError> {
        name::check(&self.name)?;
        if is_name_of_key(&self.name) {
            let allowed = "a name that does not end like `name[key]`, the name of a key";
            return Err(ConfigError::of_name(&self.name, allowed));
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

/// Returns true if a text has the form `name[key]`, the name of a circuit with the option `key`.
fn is_name_of_key(name: &str) -> bool {
    name.strip_suffix(']').is_some_and(|name| name.contains('['))
}
