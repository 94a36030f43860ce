use std::fmt;
use std::time::Duration;

use crate::base::config_error::ConfigError;
use crate::retry::backoff::Jitter;
use crate::retry::budget::{RetryBudget, RetryCost};
use crate::retry::policy::RetryPolicy;
use crate::retry::rules::{AnyError, Both, Cost, OnRetry, RetryAfter, RetryEvent, RetryIf, RetryIfOk};
use crate::retry::schedule::Schedule;

/// Describes a retry policy, from [`RetryPolicy::builder`].
///
/// | option | default | allowed |
/// |---|---|---|
/// | `max` | 3 | at least 1, which means no retry |
/// | `delay` | 1 s | 0 to 584 years |
/// | `backoff` | 2.0 | a finite number of at least 1; left out with decorrelated jitter |
/// | `max_delay` | none | `delay` to 584 years |
/// | `jitter`, `seed` | none, and random | |
/// | `max_elapsed` | none | the first pause to 584 years |
/// | `count_nested` | true | |
/// | `retry_if` | every error | |
/// | `retry_if_ok` | no value | |
/// | `retry_after`, `on_retry` | none | |
/// | `budget`, `cost` | none, and that of a failure | |
///
/// A function that is given a second time stands beside the first one: both have to agree to a retry, the longer wait
/// counts, and both are told.
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
#[derive(Clone, Copy)]
#[must_use = "a builder does nothing until `build`"]
pub struct RetryBuilder<P = AnyError> {
    schedule: Schedule,
    budget: Option<&'static RetryBudget>,
    rules: P,
    /// Something is to be paid.
    costs: bool,
}

impl RetryPolicy {
    /// Starts to describe a policy.
    pub fn builder() -> RetryBuilder {
        RetryBuilder { schedule: Schedule::DEFAULT, budget: None, rules: AnyError, costs: false }
    }
}

impl<P> RetryBuilder<P> {
    /// The number of attempts, the first one included; at least 1. Default: 3.
    pub fn max(self, attempts: u32) -> Self {
        self.set(|schedule| schedule.max(attempts))
    }

    /// The pause after the first failed attempt, up to 584 years. Default: 1 s.
    pub fn delay(self, delay: Duration) -> Self {
        self.set(|schedule| schedule.delay(delay))
    }

    /// What each pause is multiplied by to give the next one; finite, at least 1. Default: 2.
    pub fn backoff(self, factor: f64) -> Self {
        self.set(|schedule| schedule.backoff(factor))
    }

    /// What no pause is longer than, at least `delay`. Default: none.
    pub fn max_delay(self, max: Duration) -> Self {
        self.set(|schedule| schedule.max_delay(max))
    }

    /// Makes the pauses random. Default: they are not.
    pub fn jitter(self, jitter: Jitter) -> Self {
        self.set(|schedule| schedule.jitter(jitter))
    }

    /// Makes the jitter the same in every call, for tests and simulations. Default: it is another one each time.
    ///
    /// The numbers are those of `SplitMix64`, one for each pause.
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

    /// Gives up before a pause that would end later than so long after the first attempt began, up to 584 years and at
    /// least the first pause. Default: none.
    ///
    /// An attempt that is under way is left alone.
    pub fn max_elapsed(self, limit: Duration) -> Self {
        self.set(|schedule| schedule.max_elapsed(limit))
    }

    /// Whether the retries that run within a call count as if this policy had made them. Default: they do.
    ///
    /// Then retries within retries do not multiply: the policy gives up where its own attempts and the retries within them
    /// come to `max`. A retry within another one is not changed by it.
    pub fn count_nested(self, count: bool) -> Self {
        self.set(|schedule| schedule.count_nested(count))
    }

    /// The budget that retries pay from, which others may share. Default: none.
    pub fn budget(self, budget: &'static RetryBudget) -> Self {
        Self { budget: Some(budget), ..self }
    }

    /// Which errors are worth another attempt. Default: all of them.
    pub fn retry_if<E, F>(self, retry_if: F) -> RetryBuilder<Both<P, RetryIf<F>>>
    where
        F: Fn(&E) -> bool,
    {
        self.and(RetryIf(retry_if))
    }

    /// Which values are worth another attempt. Default: none of them. The last one comes back as it was.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::RetryPolicy;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let policy = RetryPolicy::builder().retry_if_ok(|status: &u16| *status == 503).build()?;
    /// let mut statuses = [503, 200].into_iter();
    /// let answer = policy.call(|| std::future::ready(statuses.next().ok_or("no more"))).await;
    /// assert_eq!(answer, Ok(200));
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry_if_ok<T, F>(self, retry_if_ok: F) -> RetryBuilder<Both<P, RetryIfOk<F>>>
    where
        F: Fn(&T) -> bool,
    {
        self.and(RetryIfOk(retry_if_ok))
    }

    /// How long to wait at least, where the error says so, as an HTTP `Retry-After` does (RFC 9110, 10.2.3).
    ///
    /// The pause is the longer of this and its own. When this is longer than `max_delay`, or reaches past `max_elapsed`,
    /// the retry gives up: it never calls earlier than it was asked to.
    pub fn retry_after<E, F>(self, retry_after: F) -> RetryBuilder<Both<P, RetryAfter<F>>>
    where
        F: Fn(&E) -> Option<Duration>,
    {
        self.and(RetryAfter(retry_after))
    }

    /// What a retry after an error costs a [`budget`](Self::budget), which must be given beside it. Default: what one after any failure does.
    pub fn cost<E, F>(self, cost: F) -> RetryBuilder<Both<P, Cost<F>>>
    where
        F: Fn(&E) -> RetryCost,
    {
        Self { costs: true, ..self }.and(Cost(cost))
    }

    /// Is told before each pause.
    ///
    /// ```
    /// use resilience_runtime::{RetryEvent, RetryPolicy};
    ///
    /// # fn main() -> Result<(), resilience_runtime::ConfigError> {
    /// let policy = RetryPolicy::builder()
    ///     .on_retry(|event: &RetryEvent<'_, std::io::Error>| println!("{} {:?}", event.attempt, event.error))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_retry<E, F>(self, on_retry: F) -> RetryBuilder<Both<P, OnRetry<F>>>
    where
        F: Fn(&RetryEvent<'_, E>),
    {
        self.and(OnRetry(on_retry))
    }

    /// Makes the policy.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for an option outside its range, or a `cost` without a `budget`.
    pub fn build(self) -> Result<RetryPolicy<P>, ConfigError> {
        self.schedule.check()?;
        let Self { schedule, budget, rules, costs } = self;
        if costs && budget.is_none() {
            return Err(ConfigError::new("cost", "given".to_owned(), "beside a `budget`: nothing is paid otherwise"));
        }
        Ok(RetryPolicy { schedule, budget, rules })
    }

    fn set(self, set: impl FnOnce(Schedule) -> Schedule) -> Self {
        Self { schedule: set(self.schedule), ..self }
    }

    fn and<R>(self, rule: R) -> RetryBuilder<Both<P, R>> {
        let Self { schedule, budget, rules, costs } = self;
        RetryBuilder { schedule, budget, rules: Both(rules, rule), costs }
    }
}

impl<P> fmt::Debug for RetryBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.schedule.fmt_as("RetryBuilder", f)
    }
}
