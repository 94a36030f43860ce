use std::fmt;
use std::time::Duration;

use crate::base::accepts::{Accepts, AnyError, AnyValue};
use crate::base::config_error::ConfigError;
use crate::retry::backoff::Jitter;
use crate::retry::budget::RetryBudget;
use crate::retry::layer::Counts;
use crate::retry::policy::{Parts, RetryPolicy};
use crate::retry::rules::Rules;
use crate::retry::schedule::Schedule;

const BESIDE_BUDGET: &str = "beside a `budget`: nothing is paid otherwise";
const BESIDE_RETRY_IF_OK: &str = "beside `retry_if_ok`: no `Ok` is retried otherwise";

/// Builds a [`RetryPolicy`]. [`RetryPolicy::builder`] returns this builder.
///
/// | option | default | allowed |
/// |---|---|---|
/// | `max` | 3 | at least 1; 1 means no retry |
/// | `delay` | 1 s | 0 to 584 years |
/// | `backoff` | 2.0 | finite, at least 1; not with decorrelated jitter |
/// | `max_delay` | none | `delay` to 584 years |
/// | `jitter` | none | |
/// | `seed` | random | |
/// | `max_elapsed` | none | the shortest possible first pause to 584 years |
/// | `count_nested` | true | |
/// | `retry_rejected` | false | |
/// | `retry_if` | every error, except rejections that end the retry | |
/// | `retry_if_ok` | no value | |
/// | `retry_after`, `on_retry` | none | |
/// | `retry_after_ok` | none | only with `retry_if_ok` |
/// | `budget` | none | |
/// | `cost` | `RetryCost::Failure` | only with a `budget` |
/// | `cost_ok` | `RetryCost::Failure` | only with a `budget` and `retry_if_ok` |
///
/// If an option that takes a function is set twice, the results of both functions are combined:
///
/// - `retry_if`: an error is retried if both functions return true.
/// - `retry_if_ok`: an `Ok` value is retried if at least one function returns true.
/// - `retry_after`, `retry_after_ok`: the longer of the two delays applies.
/// - `cost`, `cost_ok`: the function that was set first returns the cost. If this function returns
///   [`RetryCost::Failure`](crate::RetryCost::Failure), the result of the second function is the cost instead.
/// - `on_retry`: each retry calls both functions, in the order in which they were set.
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use resilience_runtime::RetryPolicy;
///
/// # fn main() -> Result<(), resilience_runtime::ConfigError> {
/// let policy = RetryPolicy::builder()
///     .max(5)
///     .delay(Duration::from_millis(250))
///     .max_delay(Duration::from_secs(1))
///     .retry_if(|error: &io::Error| error.kind() == io::ErrorKind::TimedOut)
///     .build()?;
/// assert_eq!(policy.delay_after(2), Duration::from_millis(500));
/// assert_eq!(policy.delay_after(4), Duration::from_secs(1));
///
/// assert!(RetryPolicy::builder().max(0).build().is_err());
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct RetryBuilder<E: ?Sized = AnyError, T: ?Sized = AnyValue> {
    schedule: Schedule,
    budget: Option<RetryBudget>,
    pub(super) rules: Rules<E, T>,
}

impl RetryPolicy {
    /// Returns a builder with the default options.
    pub fn builder() -> RetryBuilder {
        RetryBuilder { schedule: Schedule::DEFAULT, budget: None, rules: Rules::default() }
    }
}

impl<E: ?Sized, T: ?Sized> RetryBuilder<E, T> {
    /// Sets the maximum number of attempts, including the first attempt. The number must be at least 1. Default: 3.
    #[doc(alias("max_attempts", "max_retries"))]
    pub fn max(self, attempts: u32) -> Self {
        self.set(|schedule| schedule.max(attempts))
    }

    /// Sets the pause after the first failed attempt, 0 to 584 years. Default: 1 s.
    #[doc(alias("interval", "wait duration"))]
    pub fn delay(self, delay: Duration) -> Self {
        self.set(|schedule| schedule.delay(delay))
    }

    /// Sets the factor by which the pause grows with each attempt. The factor must be finite and at least 1. Default:
    /// 2.
    ///
    /// This option cannot be combined with [`Jitter::Decorrelated`].
    #[doc(alias = "multiplier")]
    pub fn backoff(self, factor: f64) -> Self {
        self.set(|schedule| schedule.backoff(factor))
    }

    /// Sets the upper limit of every pause. The limit must be at least `delay`, and at most 584 years. Default: none.
    pub fn max_delay(self, max: Duration) -> Self {
        self.set(|schedule| schedule.max_delay(max))
    }

    /// Sets how the pauses are randomized. Default: no jitter.
    pub fn jitter(self, jitter: Jitter) -> Self {
        self.set(|schedule| schedule.jitter(jitter))
    }

    /// Sets the seed of the random numbers for jitter. Default: a random seed.
    ///
    /// With a fixed seed, every call has the same sequence of pauses, which is useful in tests and simulations. The
    /// generator `SplitMix64` computes one random number for each pause.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::{Jitter, RetryPolicy};
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let policy = RetryPolicy::builder().jitter(Jitter::Full).seed(7).build()?;
    /// let mut took = Vec::new();
    /// for _ in 0..2 {
    ///     let begin = Instant::now();
    ///     let _ = policy.call(|| async { Err::<(), _>("down") }).await;
    ///     took.push(begin.elapsed());
    /// }
    /// assert_eq!(took[0], took[1]);
    /// assert!(took[0] < Duration::from_secs(3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn seed(self, seed: u64) -> Self {
        self.set(|schedule| schedule.seed(seed))
    }

    /// Sets the longest time from the start of the first attempt to the end of the last pause. Default: none. The time
    /// must be at least the shortest possible first pause, and at most 584 years.
    ///
    /// If a pause would end after this time, the retry ends before the pause. A running attempt is not interrupted.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::RetryPolicy;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let policy = RetryPolicy::builder().max(99).max_elapsed(Duration::from_secs(10)).build()?;
    /// let begin = Instant::now();
    /// assert!(policy.call(|| async { Err::<(), _>("down") }).await.is_err());
    /// assert_eq!(begin.elapsed().as_secs(), 7); // pauses of 1, 2 and 4 seconds, but not of 8
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "max_duration")]
    pub fn max_elapsed(self, limit: Duration) -> Self {
        self.set(|schedule| schedule.max_elapsed(limit))
    }

    /// Sets whether nested retries count towards `max`. Default: true. Nested retries are retries inside functions that
    /// an attempt calls.
    ///
    /// With `true`, nested retries do not multiply the number of attempts. No attempt follows when the attempts of a
    /// call and the nested retries together reach `max`. The retries of a nested call that succeeds do not count. The
    /// option does not limit the nested retries themselves.
    pub fn count_nested(self, count: bool) -> Self {
        self.set(|schedule| schedule.count_nested(count))
    }

    /// Sets whether a rejection by a circuit is retried like any other error. Default: false, so a rejection ends the
    /// retry.
    ///
    /// Use this option if each attempt calls a different host, and each host has its own circuit. With `true`, the
    /// retry also continues if a circuit stays open longer than the next pause.
    pub fn retry_rejected(self, retry: bool) -> Self {
        self.set(|schedule| schedule.retry_rejected(retry))
    }

    /// Sets the budget, which must grant each retry. Default: none. Several policies and `#[retry]` attributes can
    /// share one budget.
    ///
    /// ```
    /// use resilience_runtime::{RetryBudget, RetryPolicy, RetryRatio};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let budget = RetryBudget::ratio(RetryRatio { min_per_second: 0, ..RetryRatio::DEFAULT });
    /// let policy = RetryPolicy::builder().budget(&budget).build()?;
    /// assert!(policy.call(|| async { Err::<(), _>("down") }).await.is_err()); // after one attempt
    /// assert_eq!(policy.stats().total_gave_up["budget"], 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn budget(mut self, budget: &RetryBudget) -> Self {
        self.budget = Some(budget.clone());
        self
    }

    /// Creates the policy.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if an option is outside its range, or cannot be combined with another option. Also
    /// returns this error if an option requires another option that is not set.
    pub fn build(self) -> Result<RetryPolicy<E, T>, ConfigError> {
        let Self { schedule, budget, rules } = &self;
        schedule.check()?;
        let has_budget = budget.is_some();
        let has_ok = rules.values.has_retry_if_ok();
        for (option, is_set, has_other, allowed) in [
            ("cost", rules.errors.has_cost(), has_budget, BESIDE_BUDGET),
            ("cost_ok", rules.values.has_cost_ok(), has_budget, BESIDE_BUDGET),
            ("cost_ok", rules.values.has_cost_ok(), has_ok, BESIDE_RETRY_IF_OK),
            ("retry_after_ok", rules.values.has_retry_after_ok(), has_ok, BESIDE_RETRY_IF_OK),
        ] {
            if is_set && !has_other {
                return Err(ConfigError::new(option, "given".to_owned(), allowed));
            }
        }
        let Self { schedule, budget, rules } = self;
        Ok(RetryPolicy::new(Parts { schedule, counts: Counts::default(), budget, rules }))
    }

    fn set(mut self, set: impl FnOnce(Schedule) -> Schedule) -> Self {
        self.schedule = set(self.schedule);
        self
    }

    /// Changes the error type of the builder to `X`.
    pub(super) fn errors<X>(self) -> RetryBuilder<X, T>
    where
        E: Accepts<X>,
    {
        let Self { schedule, budget, rules } = self;
        RetryBuilder { schedule, budget, rules: rules.of_errors() }
    }

    /// Changes the value type of the builder to `V`.
    pub(super) fn values<V>(self) -> RetryBuilder<E, V>
    where
        T: Accepts<V>,
    {
        let Self { schedule, budget, rules } = self;
        RetryBuilder { schedule, budget, rules: rules.of_values() }
    }
}

impl<E: ?Sized, T: ?Sized> Clone for RetryBuilder<E, T> {
    fn clone(&self) -> Self {
        let Self { schedule, budget, rules } = &self;
        Self { schedule: *schedule, budget: budget.clone(), rules: rules.clone() }
    }
}

impl<E: ?Sized, T: ?Sized> fmt::Debug for RetryBuilder<E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.schedule.fmt_as("RetryBuilder", f)
    }
}
