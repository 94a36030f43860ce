//! Implements [`RetryPolicy`], and the loop that makes the attempts of a call.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::sleep;

use crate::base::accepts::{Accepts, AnyError, AnyValue};
use crate::base::blocking;
use crate::base::sync::Arc;
use crate::expansion::cause::Cause;
use crate::retry::attempts::Attempts;
use crate::retry::budget::RetryBudget;
use crate::retry::budget::state::BudgetState;
use crate::retry::layer::{Counts, Retried, RetryStats};
use crate::retry::rules::Rules;
use crate::retry::schedule::Schedule;

/// Repeats a call after a failed attempt, with growing pauses between the attempts.
///
/// By default, the policy sleeps for `delay * backoff^(n - 1)` after the n-th failed attempt.
/// [`delay`](crate::RetryBuilder::delay) is 1 s by default, and [`backoff`](crate::RetryBuilder::backoff) is 2. An `Ok`
/// ends the retry by default. The option [`retry_if_ok`](crate::RetryBuilder::retry_if_ok) selects `Ok` values that
/// lead to another attempt. If no attempt succeeds, the call returns the outcome of the last attempt unchanged.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::RetryPolicy;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = RetryPolicy::builder().max(4).delay(Duration::from_millis(100)).build()?;
/// let mut calls = 0;
/// let answer = policy
///     .call(|| {
///         calls += 1;
///         let answer = if calls < 3 { Err("not yet") } else { Ok(calls) };
///         async move { answer }
///     })
///     .await;
/// assert_eq!(answer, Ok(3));
/// # Ok(())
/// # }
/// ```
///
/// If the attempts call a [`CircuitBreaker`](crate::CircuitBreaker), an open circuit ends the retry without a pause:
///
/// ```
/// use resilience_runtime::{CallError, CircuitBreaker, RetryPolicy};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("retry_example").threshold(2).build()?;
/// let policy = RetryPolicy::builder().max(9).build()?;
/// let answer = policy.call(|| breaker.call(|| async { Err::<(), _>(std::io::Error::other("down")) })).await;
/// assert!(matches!(answer, Err(CallError::Failed(_))), "the error of the second attempt, which opened the circuit");
/// let answer = policy.call(|| breaker.call(|| async { Ok::<_, std::io::Error>(7) })).await;
/// assert!(matches!(answer, Err(CallError::Rejected(_))));
/// # Ok(())
/// # }
/// ```
///
/// # Type parameters
///
/// A `RetryPolicy` without type parameters accepts attempts with any error type and any value type. An option such as
/// [`retry_if`](crate::RetryBuilder::retry_if) takes a function that receives an error. The option sets the type
/// parameter `E` to the type of this error. An option such as [`retry_if_ok`](crate::RetryBuilder::retry_if_ok) takes a
/// function that receives an `Ok` value. The option sets the type parameter `T` to the type of this value.
///
/// A struct can hold a policy, and the attribute `#[retry(with = ..)]` can use this policy. Cloning a policy is cheap.
/// All clones share the counts and the budget.
///
/// ```
/// use std::io;
/// use resilience_runtime::{RetryPolicy, retry};
///
/// struct Client {
///     retry: RetryPolicy<io::Error>,
/// }
///
/// impl Client {
///     fn new(attempts: u32) -> Result<Self, resilience_runtime::ConfigError> {
///         let retry = RetryPolicy::builder()
///             .max(attempts)
///             .retry_if(|error: &io::Error| error.raw_os_error().is_none());
///         Ok(Self { retry: retry.build()? })
///     }
///
///     #[retry(with = self.retry)]
///     async fn ask(&self) -> io::Result<u32> {
///         Ok(42)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(Client::new(5)?.ask().await?, 42);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "backoff")]
pub struct RetryPolicy<E: ?Sized = AnyError, T: ?Sized = AnyValue>(Arc<Parts<E, T>>);

/// The options and the counts of a policy.
pub(super) struct Parts<E: ?Sized, T: ?Sized> {
    pub(super) schedule: Schedule,
    pub(super) counts: Counts,
    pub(super) budget: Option<RetryBudget>,
    pub(super) rules: Rules<E, T>,
}

/// Returns a policy that makes at most three attempts, with pauses of one and two seconds, and retries every error. As
/// an exception, a rejection by a circuit ends the retry.
impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new(Parts {
            schedule: Schedule::DEFAULT,
            counts: Counts::default(),
            budget: None,
            rules: Rules::default(),
        })
    }
}

impl<E: ?Sized, T: ?Sized> Clone for RetryPolicy<E, T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: ?Sized, T: ?Sized> RetryPolicy<E, T> {
    pub(super) fn new(parts: Parts<E, T>) -> Self {
        Self(Arc::new(parts))
    }

    /// Calls `f` until an attempt succeeds, or until [`max`](crate::RetryBuilder::max) attempts have failed. Some
    /// options, such as [`retry_if`](crate::RetryBuilder::retry_if), can end the retry earlier.
    ///
    /// If `f` makes a call through a [`CircuitBreaker`](crate::CircuitBreaker), this circuit can end the retry without
    /// a pause. With the option [`retry_rejected`](crate::RetryBuilder::retry_rejected), no circuit ends the retry.
    ///
    /// The policy does not search the error for a rejection, so the error type need not implement any trait. Instead,
    /// the policy observes the circuits that are called during the last poll of each attempt. A circuit ends the retry
    /// in two cases:
    ///
    /// - The circuit rejected a call during this poll, and the number of existing
    ///   [`CircuitOpenError`](crate::CircuitOpenError)s has increased during this poll.
    /// - The circuit rejected a call or recorded a failure during this poll, and stays open longer than the next pause.
    ///   If several circuits rejected a call or recorded a failure, only the circuit that did so last decides. If a
    ///   call through a closed circuit contains a call through an open circuit, the open circuit decides.
    ///
    /// In the second case, the circuit ends the retry even if the attempt handles the rejection and then fails for
    /// another reason. If the attempt returns an `Ok` that [`retry_if_ok`](crate::RetryBuilder::retry_if_ok) selects, a
    /// rejection does not end the retry. A failure that a circuit recorded can still end the retry. The policy does not
    /// notice a rejection in an earlier poll, or in a spawned task.
    ///
    /// # Errors
    ///
    /// Returns the error of the last attempt.
    ///
    /// # Panics
    ///
    /// Panics at the start of a pause longer than zero if no tokio runtime with an enabled timer is running.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future drops the current attempt, or ends the pause. No further attempt starts.
    pub async fn call<V, X, F, Fut>(&self, mut f: F) -> Result<V, X>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<V, X>>,
        E: Accepts<X>,
        T: Accepts<V>,
    {
        let mut attempts = Attempts::new(self.retry());
        self.call_began();
        loop {
            let delay = {
                let outcome = attempts.watch(async { f().await }).await;
                match self.judge(&mut attempts, outcome, type_name::<F>()) {
                    ControlFlow::Continue(delay) => delay,
                    ControlFlow::Break(outcome) => return outcome,
                }
            };
            if !delay.is_zero() {
                sleep(delay).await;
            }
        }
    }

    /// Works like [`call`](Self::call), for a function `f` that is not `async`. The pauses block the thread.
    ///
    /// This method needs no tokio runtime. In an async function, use [`call`](Self::call), because a blocked thread
    /// cannot run other tasks. Tests can replace the sleep with
    /// [`set_blocking_sleep`](crate::set_blocking_sleep).
    ///
    /// # Errors
    ///
    /// Returns the error of the last attempt.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::RetryPolicy;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let policy = RetryPolicy::builder().delay(Duration::from_millis(1)).build()?;
    /// let mut calls = 0;
    /// let answer = policy.call_blocking(|| {
    ///     calls += 1;
    ///     if calls < 3 { Err("not yet") } else { Ok(calls) }
    /// });
    /// assert_eq!(answer, Ok(3));
    /// # Ok(())
    /// # }
    /// ```
    pub fn call_blocking<V, X, F>(&self, mut f: F) -> Result<V, X>
    where
        F: FnMut() -> Result<V, X>,
        E: Accepts<X>,
        T: Accepts<V>,
    {
        let mut attempts = Attempts::new(self.retry());
        self.call_began();
        loop {
            let delay = {
                let outcome = attempts.inside.run(&mut f);
                match self.judge(&mut attempts, outcome, type_name::<F>()) {
                    ControlFlow::Continue(delay) => delay,
                    ControlFlow::Break(outcome) => return outcome,
                }
            };
            if !delay.is_zero() {
                blocking::sleep(delay);
            }
        }
    }

    /// Returns the pause before the next attempt, or the outcome of the call.
    #[expect(clippy::inline_always, reason = "measured: an outcome that goes through memory costs 17 instructions")]
    #[inline(always)]
    pub(super) fn judge<V, X>(
        &self,
        attempts: &mut Attempts,
        outcome: Result<V, X>,
        func: &str,
    ) -> ControlFlow<Result<V, X>, Duration>
    where
        E: Accepts<X>,
        T: Accepts<V>,
    {
        let mut judged = attempts.judge(self.retry(), outcome).rejection(|_| Cause::Unknown).rules(self.rules());
        if let Some(budget) = self.budget() {
            judged = judged.budget(budget);
        }
        judged.text(|_| None).circuits(|| []).next(func)
    }

    #[inline]
    pub(super) fn retry(&self) -> Retried<'_> {
        Retried { schedule: &self.0.schedule, counts: &self.0.counts }
    }

    /// Returns the counts of all calls through this policy and its clones.
    pub fn stats(&self) -> RetryStats {
        self.retry().counts.stats()
    }

    pub(super) fn rules(&self) -> &Rules<E, T> {
        &self.0.rules
    }

    pub(super) fn budget(&self) -> Option<&BudgetState> {
        Some(self.0.budget.as_ref()?.state())
    }

    /// Records the start of a call in the budget, if the policy has a budget.
    #[inline]
    pub(super) fn call_began(&self) {
        if let Some(budget) = self.budget() {
            budget.call_began();
        }
    }

    /// Returns the pause, without jitter, after attempt number `attempt` has failed. The first attempt is number 1. The
    /// number 0 counts as 1.
    ///
    /// The pause is at most [`max_delay`](crate::RetryBuilder::max_delay), or [`Duration::MAX`] without this option.
    /// `attempt` may be greater than `max`. With [`Jitter::Decorrelated`](crate::Jitter::Decorrelated), the result is
    /// the pause that a policy without this jitter would make.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default();
    /// assert_eq!(policy.delay_after(1), Duration::from_secs(1));
    /// assert_eq!(policy.delay_after(3), Duration::from_secs(4));
    /// assert_eq!(policy.delay_after(u32::MAX), Duration::MAX);
    /// ```
    pub fn delay_after(&self, attempt: u32) -> Duration {
        self.retry().schedule.backoff.delay_after(attempt)
    }
}

impl<E: ?Sized, T: ?Sized> fmt::Debug for RetryPolicy<E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.retry().schedule.fmt_as("RetryPolicy", f)
    }
}
