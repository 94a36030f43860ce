//! Implements the options of a [`RetryBuilder`] that take a function of the user, such as `retry_if`.

use std::time::Duration;

use crate::base::accepts::Accepts;
use crate::retry::budget::config::RetryCost;
use crate::retry::builder::RetryBuilder;
use crate::retry::rules::RetryEvent;

impl<E: ?Sized, T: ?Sized> RetryBuilder<E, T> {
    /// Sets the function that decides whether an error is retried. Default: every error is retried.
    ///
    /// The policy does not call the function for the error of the last attempt. A rejection by a circuit ends the
    /// retry, and the policy does not call the function. The same applies to a call that takes more tokens than the
    /// burst of a rate limit. With [`retry_rejected`](Self::retry_rejected), the function also decides about rejections
    /// by circuits.
    ///
    /// ```
    /// use std::io;
    /// use resilience_runtime::RetryPolicy;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let is_transient = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
    /// let policy = RetryPolicy::builder().retry_if(is_transient).build()?;
    /// let mut attempts = 0;
    /// let answer = policy
    ///     .call(|| {
    ///         attempts += 1;
    ///         std::future::ready(Err::<(), io::Error>(io::ErrorKind::NotFound.into()))
    ///     })
    ///     .await;
    /// assert!(answer.is_err());
    /// assert_eq!(attempts, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry_if<X, F>(self, retry_if: F) -> RetryBuilder<X, T>
    where
        X: 'static,
        E: Accepts<X>,
        F: Fn(&X) -> bool + Send + Sync + 'static,
    {
        let mut builder = self.errors();
        builder.rules.errors.add_retry_if(retry_if);
        builder
    }

    /// Sets the function that decides whether an `Ok` value is retried. Default: no value is retried.
    ///
    /// The call returns the value of the last attempt unchanged, even if `retry_if_ok` returns true for this value.
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
    pub fn retry_if_ok<V, F>(self, retry_if_ok: F) -> RetryBuilder<E, V>
    where
        V: 'static,
        T: Accepts<V>,
        F: Fn(&V) -> bool + Send + Sync + 'static,
    {
        let mut builder = self.values();
        builder.rules.values.add_retry_if_ok(retry_if_ok);
        builder
    }

    /// Sets the function that returns the delay that an error asks for, such as the time in the HTTP header
    /// `Retry-After` (RFC 9110, 10.2.3). Default: none.
    ///
    /// The policy waits for this delay, or for the pause from `delay` and `backoff` if this pause is longer. With
    /// jitter, the policy adds a random time to the delay that the error asks for. The retry ends if the pause is
    /// longer than `max_delay`, or would end after `max_elapsed`. Without `max_delay`, the retry ends if the error asks
    /// for a delay of more than one hour.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::RetryPolicy;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// struct Busy { retry_after: Duration }
    ///
    /// let policy = RetryPolicy::builder().max(2).retry_after(|busy: &Busy| Some(busy.retry_after)).build()?;
    /// let begin = Instant::now();
    /// let answer = policy.call(|| async { Err::<(), _>(Busy { retry_after: Duration::from_secs(7) }) }).await;
    /// assert!(answer.is_err());
    /// assert_eq!(begin.elapsed().as_secs(), 7);
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry_after<X, F>(self, retry_after: F) -> RetryBuilder<X, T>
    where
        X: 'static,
        E: Accepts<X>,
        F: Fn(&X) -> Option<Duration> + Send + Sync + 'static,
    {
        let mut builder = self.errors();
        builder.rules.errors.add_retry_after(retry_after);
        builder
    }

    /// Sets the function that returns the delay that an `Ok` value asks for. For example, the value is an HTTP response
    /// with the status 429. Default: none.
    ///
    /// The policy calls this function only for values that [`retry_if_ok`](Self::retry_if_ok) selects, so the option
    /// requires `retry_if_ok`. The rules of [`retry_after`](Self::retry_after) apply to the delay.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::RetryPolicy;
    /// use tokio::time::Instant;
    ///
    /// struct Response { status: u16, retry_after: Option<Duration> }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let policy = RetryPolicy::builder()
    ///     .retry_if_ok(|response: &Response| response.status == 429)
    ///     .retry_after_ok(|response: &Response| response.retry_after)
    ///     .build()?;
    ///
    /// let mut responses = [
    ///     Response { status: 429, retry_after: Some(Duration::from_secs(7)) },
    ///     Response { status: 200, retry_after: None },
    /// ]
    /// .into_iter();
    /// let begin = Instant::now();
    /// let response = policy.call(|| std::future::ready(responses.next().ok_or("no more"))).await?;
    /// assert_eq!((response.status, begin.elapsed().as_secs()), (200, 7));
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry_after_ok<V, F>(self, retry_after_ok: F) -> RetryBuilder<E, V>
    where
        V: 'static,
        T: Accepts<V>,
        F: Fn(&V) -> Option<Duration> + Send + Sync + 'static,
    {
        let mut builder = self.values();
        builder.rules.values.add_retry_after_ok(retry_after_ok);
        builder
    }

    /// Sets the function that returns the cost of a retry after an error. Default: [`RetryCost::Failure`] for every
    /// error.
    ///
    /// The option requires a [`budget`](Self::budget). If a `#[retry(with = ..)]` uses this policy and has the option
    /// `budget`, the costs apply to the budget of the attribute.
    ///
    /// ```
    /// use std::io;
    /// use resilience_runtime::{RetryBudget, RetryCost, RetryPolicy, TokenBucket};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let budget = RetryBudget::bucket(TokenBucket::DEFAULT);
    /// let cost = |error: &io::Error| match error.kind() {
    ///     io::ErrorKind::TimedOut => RetryCost::Timeout,
    ///     _ => RetryCost::Failure,
    /// };
    /// let policy = RetryPolicy::builder().max(2).budget(&budget).cost(cost).build()?;
    /// let answer = policy.call(|| async { Err::<(), io::Error>(io::ErrorKind::TimedOut.into()) }).await;
    /// assert!(answer.is_err());
    /// assert_eq!(budget.stats().tokens, 500 - 10);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cost<X, F>(self, cost: F) -> RetryBuilder<X, T>
    where
        X: 'static,
        E: Accepts<X>,
        F: Fn(&X) -> RetryCost + Send + Sync + 'static,
    {
        let mut builder = self.errors();
        builder.rules.errors.add_cost(cost);
        builder
    }

    /// Sets the function that returns the cost of a retry after an `Ok` value. Default: [`RetryCost::Failure`] for
    /// every value.
    ///
    /// The option requires [`retry_if_ok`](Self::retry_if_ok) and a [`budget`](Self::budget).
    ///
    /// ```
    /// use resilience_runtime::{RetryBudget, RetryCost, RetryPolicy, TokenBucket};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let budget = RetryBudget::bucket(TokenBucket { throttle_cost: 20, ..TokenBucket::DEFAULT });
    /// let policy = RetryPolicy::builder()
    ///     .max(2)
    ///     .budget(&budget)
    ///     .retry_if_ok(|status: &u16| matches!(status, 429 | 503))
    ///     .cost_ok(|status: &u16| if *status == 429 { RetryCost::Throttle } else { RetryCost::Failure })
    ///     .build()?;
    /// policy.call(|| async { Ok::<_, std::io::Error>(429) }).await?;
    /// assert_eq!(budget.stats().tokens, 500 - 20);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cost_ok<V, F>(self, cost_ok: F) -> RetryBuilder<E, V>
    where
        V: 'static,
        T: Accepts<V>,
        F: Fn(&V) -> RetryCost + Send + Sync + 'static,
    {
        let mut builder = self.values();
        builder.rules.values.add_cost_ok(cost_ok);
        builder
    }

    /// Sets a function that the policy calls before each pause, with a [`RetryEvent`]. Default: none. The policy also
    /// calls the function before a pause of zero.
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
    #[doc(alias = "notify")]
    pub fn on_retry<X, F>(self, on_retry: F) -> RetryBuilder<X, T>
    where
        X: 'static,
        E: Accepts<X>,
        F: Fn(&RetryEvent<'_, X>) + Send + Sync + 'static,
    {
        let mut builder = self.errors();
        builder.rules.errors.add_on_retry(on_retry);
        builder
    }
}
