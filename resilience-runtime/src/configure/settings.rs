//! Defines the settings of layers that a program can change at run time.

use std::time::Duration;

#[cfg(feature = "config")]
use crate::base::raw::{Raw, Setting};
use crate::hedge::after::HedgeAfter;
use crate::registry::layer::Options;
use crate::registry::layer_options::{BulkheadOptions, HedgeOptions, RateLimitOptions, RetryOptions, TimeoutOptions};
use crate::retry::backoff::Jitter;

/// Declares a struct with the settings of one kind of layer, and a method for each setting.
macro_rules! settings {
    (
        $(#[$doc:meta])*
        $name:ident of $options:ident {
            $($(#[$option_doc:meta])* $option:ident: $type:ty $(=> $field:ident, $value:expr)?;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        #[must_use = "the settings are in force when the closure returns them"]
        pub struct $name(pub(crate) $options);

        impl $name {
            pub(crate) const NONE: Self = Self($options::NONE);

            /// The names of all settings.
            #[cfg(feature = "config")]
            pub(crate) const NAMES: &'static [&'static str] = &[$(stringify!($option)),*];

            /// Sets the setting with the name `option` to a value from a file or from the environment.
            #[cfg(feature = "config")]
            pub(crate) fn set(&mut self, option: &str, raw: &Raw) -> Result<(), std::borrow::Cow<'static, str>> {
                $(
                    if option == stringify!($option) {
                        *self = self.clone().$option(Setting::read(raw)?);
                    }
                )*
                Ok(())
            }

            $(
                $(#[$option_doc])*
                pub fn $option(mut self, value: $type) -> Self {
                    settings!(@set self, $option, value $(, $field, $value)?);
                    self
                }
            )*
        }
    };
    (@set $self:ident, $option:ident, $given:ident) => { $self.0.$option = Some($given) };
    (@set $self:ident, $option:ident, $given:ident, $field:ident, $value:expr) => {
        $self.0.$field = Some($value($given))
    };
}

settings! {
    /// Collects the settings of a retry that [`configure_retry`](crate::configure_retry) changes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::{RetrySettings, configure_retry, retry};
    ///
    /// #[retry(name = "retry_settings_example", max = 3)]
    /// async fn ask() -> std::io::Result<()> {
    ///     Ok(())
    /// }
    ///
    /// fn busy_day(retry: RetrySettings) -> RetrySettings {
    ///     retry.max(5).delay(Duration::from_millis(50))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # if cfg!(not(feature = "declare")) { ask().await?; }
    /// configure_retry("retry_settings_example", busy_day)?;
    /// # Ok(())
    /// # }
    /// ```
    RetrySettings of RetryOptions {
        /// Sets the maximum number of attempts of one call, at least 1. This number includes the first attempt.
        max: u32;
        /// Sets the first pause, 0 to 584 years.
        delay: Duration;
        /// Sets the factor by which each pause is longer than the pause before it, a finite number of at least 1. A
        /// retry with decorrelated jitter refuses this setting.
        backoff: f64;
        /// Sets the longest pause, at least as long as `delay`, at most 584 years.
        max_delay: Duration;
        /// Sets the jitter (the random part) of the pauses. A retry with the option `backoff` refuses
        /// [`Jitter::Decorrelated`].
        jitter: Jitter;
        /// Sets the time after which a call begins no more attempts, at least as long as the shortest possible first
        /// pause, at most 584 years. The time starts with the first attempt. A retry that has neither the option
        /// `max_elapsed` nor `name` refuses this setting.
        max_elapsed: Duration;
        /// Sets whether retries in called functions count towards `max`.
        count_nested: bool;
        /// Sets whether a rejection by the circuit of another function is retried.
        retry_rejected: bool;
    }
}

settings! {
    /// Collects the setting of a timeout that [`configure_timeout`](crate::configure_timeout) changes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::{TimeoutSettings, configure_timeout, timeout};
    ///
    /// #[timeout(5, name = "timeout_settings_example")]
    /// async fn ask() -> std::io::Result<()> {
    ///     Ok(())
    /// }
    ///
    /// fn busy_day(timeout: TimeoutSettings) -> TimeoutSettings {
    ///     timeout.after(Duration::from_secs(2))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # if cfg!(not(feature = "declare")) { ask().await?; }
    /// configure_timeout("timeout_settings_example", busy_day)?;
    /// # Ok(())
    /// # }
    /// ```
    TimeoutSettings of TimeoutOptions {
        /// Sets the time after which the timeout ends a call, longer than zero, at most 584 years.
        after: Duration => timeout, |time| time;
    }
}

settings! {
    /// Collects the settings of a bulkhead that [`configure_bulkhead`](crate::configure_bulkhead) changes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::{BulkheadSettings, bulkhead, configure_bulkhead};
    ///
    /// #[bulkhead(name = "bulkhead_settings_example", max = 3)]
    /// async fn ask() -> std::io::Result<()> {
    ///     Ok(())
    /// }
    ///
    /// fn busy_day(bulkhead: BulkheadSettings) -> BulkheadSettings {
    ///     bulkhead.max(5).wait(Duration::from_millis(50))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # if cfg!(not(feature = "declare")) { ask().await?; }
    /// configure_bulkhead("bulkhead_settings_example", busy_day)?;
    /// # Ok(())
    /// # }
    /// ```
    BulkheadSettings of BulkheadOptions {
        /// Sets the maximum number of concurrent calls, at least 1. If the maximum becomes smaller, running calls keep
        /// their slots.
        max: u32;
        /// Sets the longest time for which a call waits for a slot, 0 to 584 years. A bulkhead that has neither the
        /// option `wait` nor `name` refuses this setting.
        wait: Duration;
        /// Sets the largest number of waiting calls, 1 to 1,000,000,000. A bulkhead that has neither the option `wait`
        /// nor `name` refuses this setting.
        max_queue: u32;
        /// Sets the maximum number of bulkheads, one for each key, 1 to 9,999,999. A bulkhead without the option `key`
        /// refuses this setting.
        max_keys: u32;
    }
}

settings! {
    /// Collects the settings of a rate limit that [`configure_rate_limit`](crate::configure_rate_limit) changes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::{RateLimitSettings, configure_rate_limit, rate_limit};
    ///
    /// #[rate_limit(name = "rate_limit_settings_example", per_second = 3)]
    /// async fn ask() -> std::io::Result<()> {
    ///     Ok(())
    /// }
    ///
    /// fn busy_day(limit: RateLimitSettings) -> RateLimitSettings {
    ///     limit.limit(60).per(Duration::from_secs(60))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # if cfg!(not(feature = "declare")) { ask().await?; }
    /// configure_rate_limit("rate_limit_settings_example", busy_day)?;
    /// # Ok(())
    /// # }
    /// ```
    RateLimitSettings of RateLimitOptions {
        /// Sets the number of calls that may start in each second, 1 to 1,000,000. This setting replaces `limit` and
        /// `per`. One change must not contain both this setting and `limit` or `per`.
        per_second: u32;
        /// Sets the number of calls that may start in each period, at least 1, at most the number of microseconds in a
        /// period. This setting replaces `per_second`. A rate limit with `per_second` then also needs the setting
        /// `per`.
        limit: u32;
        /// Sets the length of a period, 1 ms to 24 h. This setting replaces `per_second`. A rate limit with
        /// `per_second` then also needs the setting `limit`.
        per: Duration;
        /// Sets the burst (the number of calls that may start at the same moment after a pause), at least 1. A burst is
        /// too large if the rate needs more than 146 years to refill it.
        burst: u32;
        /// Sets the longest time for which a call waits for its turn, 0 to 584 years. A rate limit that has neither the
        /// option `wait` nor `name` refuses this setting.
        wait: Duration;
        /// Sets the largest number of waiting calls, 1 to 1,000,000,000. A rate limit that has neither the option
        /// `wait` nor `name` refuses this setting.
        max_queue: u32;
        /// Sets the maximum number of rate limits, one for each key, 1 to 9,999,999. A rate limit without the option
        /// `key` refuses this setting.
        max_keys: u32;
    }
}

settings! {
    /// Collects the settings of a hedge that [`configure_hedge`](crate::configure_hedge) changes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::{HedgeSettings, configure_hedge, hedge};
    ///
    /// #[hedge(name = "hedge_settings_example", after = 1, max = 3)]
    /// async fn ask() -> std::io::Result<()> {
    ///     Ok(())
    /// }
    ///
    /// fn busy_day(hedge: HedgeSettings) -> HedgeSettings {
    ///     hedge.after(Duration::from_millis(50)).max(2)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # if cfg!(not(feature = "declare")) { ask().await?; }
    /// configure_hedge("hedge_settings_example", busy_day)?;
    /// # Ok(())
    /// # }
    /// ```
    HedgeSettings of HedgeOptions {
        /// Sets the time from the start of an attempt to the start of the next attempt, longer than zero, at most 584
        /// years. A hedge that measures this time (`after = "p95"`) refuses this setting.
        after: Duration => after, HedgeAfter::Time;
        /// Sets the largest number of attempts of one call, 2 to 5. A hedge without the option `name` refuses a number
        /// above the `max` of its attribute.
        max: u32;
    }
}
