//! Implements [`RetryAttempts`], for retry loops that the user writes.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;

use tokio::time::sleep;

use crate::base::accepts::{Accepts, AnyError, AnyValue};
use crate::base::blocking;
use crate::retry::attempts::Attempts;
use crate::retry::policy::RetryPolicy;

impl<E: ?Sized, T: ?Sized> RetryPolicy<E, T> {
    /// Returns the [`RetryAttempts`] of one call, for a retry loop that you write yourself.
    ///
    /// Use this method if the attempts borrow a value mutably. The closure of [`call`](Self::call) cannot return a
    /// future that borrows this value mutably.
    ///
    /// ```
    /// use std::io;
    /// use std::ops::ControlFlow;
    /// use resilience_runtime::RetryPolicy;
    ///
    /// struct Connection { sent: u32 }
    ///
    /// impl Connection {
    ///     async fn send(&mut self) -> io::Result<u32> {
    ///         self.sent += 1;
    ///         if self.sent < 3 { Err(io::ErrorKind::TimedOut.into()) } else { Ok(self.sent) }
    ///     }
    /// }
    ///
    /// async fn send(policy: &RetryPolicy, connection: &mut Connection) -> io::Result<u32> {
    ///     let mut attempts = policy.start();
    ///     loop {
    ///         match attempts.next(connection.send()).await {
    ///             ControlFlow::Continue(()) => {}
    ///             ControlFlow::Break(outcome) => return outcome,
    ///         }
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// assert_eq!(send(&RetryPolicy::default(), &mut Connection { sent: 0 }).await?, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(&self) -> RetryAttempts<E, T> {
        self.call_began();
        RetryAttempts { attempts: Attempts::without_limit(), policy: self.clone() }
    }
}

/// Makes the attempts of one call. [`RetryPolicy::start`] returns this value.
///
/// ```
/// use std::ops::ControlFlow;
/// use resilience_runtime::RetryPolicy;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = RetryPolicy::builder().max(2).build()?;
/// let mut attempts = policy.start();
/// let down = || async { Err::<(), _>("down") };
/// assert!(attempts.next(down()).await.is_continue()); // after the pause
/// assert_eq!(attempts.next(down()).await, ControlFlow::Break(Err("down")));
/// # Ok(())
/// # }
/// ```
#[must_use = "attempts do nothing until `next` or `next_blocking`"]
pub struct RetryAttempts<E: ?Sized = AnyError, T: ?Sized = AnyValue> {
    attempts: Attempts,
    policy: RetryPolicy<E, T>,
}

impl<E: ?Sized, T: ?Sized> RetryAttempts<E, T> {
    /// Makes one attempt. If another attempt follows, waits until the end of the pause and returns
    /// [`ControlFlow::Continue`]. If no attempt follows, returns [`ControlFlow::Break`] with the outcome of the call.
    /// After a `Break`, do not call `next` again, because the policy would count another attempt of the ended call. Use
    /// [`RetryPolicy::start`] for the next call.
    ///
    /// The attempt begins at the first poll of `attempt`. If a function runs code before it returns its future, put its
    /// call into the future: `async { ask().await }`. Otherwise, the policy does not notice the rejections in this code.
    ///
    /// # Panics
    ///
    /// Panics at the start of a pause longer than zero if no tokio runtime with an enabled timer is running.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future drops the attempt that is running, or ends the pause. A dropped attempt does not
    /// count towards `max`, and does not make the next attempt a repeat. To limit the time of each attempt, put the
    /// limit into the argument `attempt`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use resilience_runtime::RetryPolicy;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut attempts = RetryPolicy::default().start();
    /// let mut answers = [Err("not yet"), Ok(7)].into_iter();
    /// let answer = loop {
    ///     let answer = answers.next().unwrap_or(Err("no more"));
    ///     if let ControlFlow::Break(answer) = attempts.next(async { answer }).await {
    ///         break answer;
    ///     }
    /// };
    /// assert_eq!(answer, Ok(7));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next<V, X, F>(&mut self, attempt: F) -> ControlFlow<Result<V, X>>
    where
        F: Future<Output = Result<V, X>>,
        E: Accepts<X>,
        T: Accepts<V>,
    {
        self.attempts.begin(self.policy.retry());
        let delay = {
            let outcome = self.attempts.watch(attempt).await;
            match self.policy.judge(&mut self.attempts, outcome, type_name::<F>()) {
                ControlFlow::Continue(delay) => delay,
                ControlFlow::Break(outcome) => return ControlFlow::Break(outcome),
            }
        };
        if !delay.is_zero() {
            sleep(delay).await;
        }
        ControlFlow::Continue(())
    }

    /// Works like [`next`](Self::next), for an attempt that is not `async`. The pause blocks the thread.
    ///
    /// Use this method if the loop needs a step outside the attempt, such as a step that can end the loop. If the loop
    /// contains only the attempt, use [`RetryPolicy::call_blocking`]. The closure of `call_blocking` can borrow values
    /// mutably. `next_blocking` needs no tokio runtime. In tests, [`set_blocking_sleep`](crate::set_blocking_sleep)
    /// replaces the sleep by a function of the test.
    ///
    /// ```
    /// use std::io;
    /// use std::ops::ControlFlow;
    /// use std::time::Duration;
    /// use resilience_runtime::RetryPolicy;
    ///
    /// struct Connection(u32);
    ///
    /// impl Connection {
    ///     fn open(number: u32) -> io::Result<Self> {
    ///         Ok(Self(number))
    ///     }
    ///
    ///     fn send(&mut self) -> io::Result<u32> {
    ///         if self.0 < 3 { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(self.0) }
    ///     }
    /// }
    ///
    /// fn send(policy: &RetryPolicy) -> io::Result<u32> {
    ///     let mut attempts = policy.start();
    ///     let mut opened = 0;
    ///     loop {
    ///         opened += 1;
    ///         let mut connection = Connection::open(opened)?; // an error of `open` ends the loop
    ///         match attempts.next_blocking(|| connection.send()) {
    ///             ControlFlow::Continue(()) => {}
    ///             ControlFlow::Break(outcome) => return outcome,
    ///         }
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let policy = RetryPolicy::builder().delay(Duration::from_millis(1)).build()?;
    /// assert_eq!(send(&policy)?, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn next_blocking<V, X, F>(&mut self, attempt: F) -> ControlFlow<Result<V, X>>
    where
        F: FnOnce() -> Result<V, X>,
        E: Accepts<X>,
        T: Accepts<V>,
    {
        self.attempts.begin(self.policy.retry());
        let outcome = self.attempts.inside.run(attempt);
        let delay = match self.policy.judge(&mut self.attempts, outcome, type_name::<F>()) {
            ControlFlow::Continue(delay) => delay,
            ControlFlow::Break(outcome) => return ControlFlow::Break(outcome),
        };
        if !delay.is_zero() {
            blocking::sleep(delay);
        }
        ControlFlow::Continue(())
    }
}

impl<E: ?Sized, T: ?Sized> fmt::Debug for RetryAttempts<E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryAttempts").field("attempt", &self.attempts.attempt()).finish_non_exhaustive()
    }
}
