//! Implements the functions that change settings at run time.

use std::panic::Location;

use crate::base::config_error::ConfigError;
use crate::base::nearest::suggestion;
use crate::bulkhead::bulkhead::Bulkhead;
use crate::configure::settings::{BulkheadSettings, HedgeSettings, RateLimitSettings, RetrySettings, TimeoutSettings};
use crate::hedge::hedge::Hedge;
use crate::rate_limit::rate_limit::RateLimit;
use crate::registry::all_circuits;
use crate::registry::builder::{CircuitBuilder, Configured};
use crate::registry::circuit_changes;
use crate::registry::configured::Origin;
use crate::registry::keyed_limits::{KeyedBulkheads, KeyedRateLimits};
use crate::registry::layer::{Layer, Options};
use crate::registry::layers::Listed;
use crate::retry::layer::Retry;
use crate::timeout::timeout::Timeout;

/// Changes settings of the circuit `name` while the program runs.
///
/// The closure receives a builder without options, and sets the options that change. These options take precedence over
/// the options of attributes, of presets, and of registered builders (see
/// [`register`](CircuitBuilder::<crate::CircuitBreaker>::register)). The other options do not change. A later call of
/// `configure` can change more options. If a later call sets a whole [rule](macro@crate::circuit#rules) that excludes
/// the rule of the earlier calls, the new rule replaces the earlier rule. [`reset_configuration`] undoes all changes.
///
/// The change takes effect at the next call through the circuit. The change does not reset the circuit:
///
/// - An open circuit stays open. If the cooldown changes, the new cooldown starts at the time when the circuit opened.
///   As an exception, a new `cooldown_jitter` applies from the next opening on, if the jitter was zero when the circuit
///   opened.
/// - If the circuit has no window of recent calls, the current number of failures in a row is kept. If this number
///   already reaches the new `threshold`, the circuit opens at the next failure.
/// - If the length of a window does not change, the window still contains the recent calls. A window with a new length
///   starts empty.
/// - A circuit counts failures in a row, failures in a window of calls, or failures in a window of time. If the change
///   selects a different way to count, the count of a closed circuit starts at zero.
///
/// If the circuits of this name have the option `key`, the change applies to the circuits of all keys. If the number of
/// circuits exceeds the new `max_keys`, the excess circuits are evicted (removed) at once. If too many circuits are in
/// use, the eviction continues later, when calls use new keys.
///
/// If calls have used the circuits before `max_keys` becomes smaller than 1,024, later evictions compare fewer
/// circuits, and may evict a recently used circuit. The same applies if the program holds the
/// [`KeyedCircuits`](crate::KeyedCircuits) at this time.
///
/// [`check_circuits`](crate::check_circuits) compares attributes and builders only, and never reports a change by
/// `configure` as a conflict.
///
/// # Errors
///
/// Returns a [`ConfigError`], and changes nothing, in these cases:
///
/// - No attribute, registered builder or preset has the name. Without the feature `declare`, an attribute counts from
///   the first call of its function. A circuit from [`build`](CircuitBuilder::build) is not registered, so its settings
///   cannot change at run time.
/// - An option is outside its range, or cannot be combined with another option of the circuit. For example, the
///   `max_cooldown` of the attribute is shorter than the new `cooldown`.
/// - The closure sets `max_keys`, but no circuit of this name has the option `key`.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{circuit, configure, get_circuit_stats};
///
/// #[circuit(name = "configure_example", threshold = 3)]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # if cfg!(not(feature = "declare")) { ask().await? }
/// configure("configure_example", |circuit| circuit.threshold(5))?;
/// assert_eq!(get_circuit_stats()["configure_example"].threshold, 5);
///
/// let error = configure("configure_exampel", |circuit| circuit.threshold(5)).unwrap_err();
/// assert!(error.to_string().contains("did you mean `configure_example`?"));
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn configure(
    name: &str,
    changes: impl FnOnce(CircuitBuilder<Configured>) -> CircuitBuilder<Configured>,
) -> Result<(), ConfigError> {
    let origin = Origin::Code(Location::caller());
    let changes = changes(CircuitBuilder::new(name.to_owned().into())).options();
    if circuit_changes::configure(name, &origin, changes)? {
        return Ok(());
    }
    Err(unknown("circuit", name, &all_circuits::names().into_iter().collect::<Vec<_>>()))
}

/// Changes settings of the retry `name` while the program runs.
///
/// `name` is the value of the option `name` in the attribute. For a retry without this option, `name` is the text under
/// which [`get_stats`](crate::get_stats) lists the retry, such as `shop::orders::submit`. The settings take precedence
/// over the options of all attributes with this name. A running call uses the new settings when it decides about its
/// next attempt. If the retry had no `max_elapsed` before, a new `max_elapsed` applies only to calls that start after the
/// change.
///
/// # Errors
///
/// Returns a [`ConfigError`], and changes nothing, in these cases:
///
/// - No retry is listed under `name`.
/// - A setting is outside its range, or cannot be combined with another option.
/// - The setting would have no effect on calls, for example because the attribute sets the option to an expression that
///   each call evaluates.
/// - The layer has already had more than 65,535 different settings, and the new settings differ from all of them.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{configure_retry, get_stats, retry};
///
/// #[retry(name = "configured_mail", max = 3, delay = 0)]
/// async fn send() -> std::io::Result<()> {
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # if cfg!(not(feature = "declare")) { send().await.unwrap_err(); }
/// configure_retry("configured_mail", |retry| retry.max(1))?;
/// let before = get_stats().retries["configured_mail"].total_attempts;
/// send().await.unwrap_err();
/// assert_eq!(get_stats().retries["configured_mail"].total_attempts, before + 1);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn configure_retry(name: &str, changes: impl FnOnce(RetrySettings) -> RetrySettings) -> Result<(), ConfigError> {
    one::<Retry>(name, changes(RetrySettings::NONE).0)
}

/// Changes the time of the timeout `name` while the program runs. The time limit of a running call does not change.
///
/// [`configure_retry`] describes the argument `name`, and the precedence of the new time.
///
/// # Errors
///
/// Returns a [`ConfigError`], and changes nothing, in the cases of [`configure_retry`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{configure_timeout, get_stats, timeout};
///
/// #[timeout(5, name = "configured_timeout")]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # if cfg!(not(feature = "declare")) { ask().await?; }
/// configure_timeout("configured_timeout", |timeout| timeout.after(Duration::from_secs(2)))?;
/// assert_eq!(get_stats().timeouts["configured_timeout"].after, Some(Duration::from_secs(2)));
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn configure_timeout(
    name: &str,
    changes: impl FnOnce(TimeoutSettings) -> TimeoutSettings,
) -> Result<(), ConfigError> {
    one::<Timeout>(name, changes(TimeoutSettings::NONE).0)
}

/// Changes settings of the bulkhead `name` while the program runs.
///
/// [`configure_retry`] describes the argument `name`, and the precedence of the settings. With the option `key`, the
/// change applies to the bulkheads of all keys.
///
/// If `max` becomes smaller than the number of running calls, these calls keep their slots. Calls that already wait
/// receive the next free slots. The bulkhead then removes each slot that becomes free, until `max` slots are left.
/// After this removal, the bulkhead admits new calls.
///
/// # Errors
///
/// Returns a [`ConfigError`], and changes nothing, in the cases of [`configure_retry`].
///
/// # Examples
///
/// ```
/// use resilience_runtime::{bulkhead, configure_bulkhead, get_stats};
///
/// #[bulkhead(name = "configured_bulkhead", max = 10)]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # if cfg!(not(feature = "declare")) { ask().await?; }
/// configure_bulkhead("configured_bulkhead", |bulkhead| bulkhead.max(20))?;
/// assert_eq!(get_stats().bulkheads["configured_bulkhead"].max, 20);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn configure_bulkhead(
    name: &str,
    changes: impl FnOnce(BulkheadSettings) -> BulkheadSettings,
) -> Result<(), ConfigError> {
    either::<Bulkhead, KeyedBulkheads>(name, changes(BulkheadSettings::NONE).0)
}

/// Changes settings of the rate limit `name` while the program runs.
///
/// [`configure_retry`] describes the argument `name`, and the precedence of the settings. With the option `key`, the
/// change applies to the rate limits of all keys.
///
/// Recent calls still count after the change, but use up at most one burst of the new rate. If another thread takes a
/// token at the moment of the change, the rate limit may admit up to one burst more. A waiting call applies the new rate
/// at most one second after the change.
///
/// # Errors
///
/// Returns a [`ConfigError`], and changes nothing, in the cases of [`configure_retry`].
///
/// # Examples
///
/// ```
/// use resilience_runtime::{configure_rate_limit, rate_limit};
///
/// #[rate_limit(name = "configured_rate", per_second = 1)]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// ask().await?;
/// configure_rate_limit("configured_rate", |limit| limit.per_second(100).burst(2))?;
/// tokio::time::advance(std::time::Duration::from_millis(10)).await;
/// ask().await?;
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn configure_rate_limit(
    name: &str,
    changes: impl FnOnce(RateLimitSettings) -> RateLimitSettings,
) -> Result<(), ConfigError> {
    either::<RateLimit, KeyedRateLimits>(name, changes(RateLimitSettings::NONE).0)
}

/// Changes settings of the hedge `name` while the program runs.
///
/// [`configure_retry`] describes the argument `name`, and the precedence of the settings.
///
/// # Errors
///
/// Returns a [`ConfigError`], and changes nothing, in the cases of [`configure_retry`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{configure_hedge, get_stats, hedge};
///
/// #[hedge(after = 0.2, name = "configured_hedge")]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # if cfg!(not(feature = "declare")) { ask().await?; }
/// configure_hedge("configured_hedge", |hedge| hedge.after(Duration::from_millis(50)).max(3))?;
/// assert_eq!(get_stats().hedges["configured_hedge"].max, 3);
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn configure_hedge(name: &str, changes: impl FnOnce(HedgeSettings) -> HedgeSettings) -> Result<(), ConfigError> {
    one::<Hedge>(name, changes(HedgeSettings::NONE).0)
}

/// Undoes all changes of settings at run time, including settings from files and from the environment. The options of
/// attributes, of registered builders and of presets are in force again.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, configure, reset_configuration};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("reset_configuration_example").threshold(3).register()?;
/// configure("reset_configuration_example", |circuit| circuit.threshold(9))?;
/// assert_eq!(breaker.stats().threshold, 9);
/// reset_configuration();
/// assert_eq!(breaker.stats().threshold, 3);
/// # Ok(())
/// # }
/// ```
pub fn reset_configuration() {
    #[cfg(feature = "config")]
    crate::config::apply::forget(reset_layers);
    #[cfg(not(feature = "config"))]
    reset_layers();
}

fn reset_layers() {
    circuit_changes::reset_configuration();
    Retry::layers().reset_configuration();
    Timeout::layers().reset_configuration();
    Bulkhead::layers().reset_configuration();
    KeyedBulkheads::layers().reset_configuration();
    RateLimit::layers().reset_configuration();
    KeyedRateLimits::layers().reset_configuration();
    Hedge::layers().reset_configuration();
}

#[track_caller]
fn one<L: Listed>(name: &str, changes: L::Options) -> Result<(), ConfigError> {
    if L::layers().configure(name, Origin::Code(Location::caller()), changes)?.is_some() {
        return Ok(());
    }
    Err(unknown(L::KIND, name, &labels::<L>()))
}

/// Changes the layer with keys and the layer without keys that have this name. If one of the two layers refuses the
/// changes, no layer changes.
#[track_caller]
fn either<L: Listed, K: Listed + Layer<Options = L::Options>>(
    name: &str,
    changes: L::Options,
) -> Result<(), ConfigError> {
    let origin = Origin::Code(Location::caller());
    let is_keyed = K::layers().try_configure(name, origin.clone(), changes)?;
    // Leaves out `max_keys`, because a layer without keys would refuse this setting.
    let plain = if is_keyed { changes.without_max_keys() } else { changes };
    let before = L::layers().configure(name, origin.clone(), plain)?;
    // Changes the layer with keys last, because undoing a smaller `max_keys` would not bring evicted keys back.
    let keyed = K::layers().configure(name, origin, changes);
    match (keyed, before) {
        (Err(error), Some(before)) => {
            L::layers().restore(name, before);
            Err(error)
        }
        (Ok(None), None) => Err(unknown(L::KIND, name, &[labels::<L>(), labels::<K>()].concat())),
        (keyed, _) => keyed.map(drop),
    }
}

fn labels<L: Listed>() -> Vec<String> {
    L::layers().labelled().map(|(label, _)| label).collect()
}

fn unknown(kind: &str, name: &str, known: &[String]) -> ConfigError {
    let suggestion = suggestion(name, known.iter().map(String::as_str));
    let separator = if suggestion.is_empty() { "" } else { ";" };
    ConfigError::of_name(name, format!("the name of a {kind}{separator}{suggestion}"))
}
