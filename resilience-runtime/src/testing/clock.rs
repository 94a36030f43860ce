//! Implements `no_delays` and `hold_clock`, which change how time passes in a test.

use std::fmt;
use std::sync::mpsc::{Sender, channel};

use crate::base::pauses;

/// Makes all retries skip their pauses, until the isolated test ends or calls
/// [`reset_everything`](super::reset_everything).
///
/// The length of a pause still decides whether the retry gives up. For example, a retry still gives up if its next pause
/// would last until the caller's deadline. The events and `on_retry` report the pause that the retry skips.
///
/// A skipped pause takes no time, so it counts neither for `max_elapsed` nor for a deadline, and no cooldown passes.
/// The number of attempts can therefore differ from the number with pauses. To test these limits, use a paused clock
/// instead.
///
/// This function affects the pauses of async and of blocking calls. Cooldowns and waits for a rate limit do not change.
/// On a paused clock, the pauses of async calls take no real time. Only blocking calls then need this function.
///
/// Outside an isolated test, this function affects all retries of the program.
///
/// ```
/// use resilience_runtime::{retry, testing};
///
/// #[retry(max = 3, delay = 60)]
/// fn ask() -> std::io::Result<()> {
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// testing::isolated(async {
///     testing::no_delays();
///     assert!(ask().is_err()); // after 3 attempts, at once
/// })
/// .await;
/// # }
/// ```
pub fn no_delays() {
    pauses::leave_out(true);
}

/// Prevents tokio's paused clock from moving by itself, until the returned guard is dropped.
///
/// If all tasks of a runtime with a paused clock wait, tokio moves the clock to the next timer. Without the guard,
/// timeouts therefore expire at once while a test waits for the answer of a real server. While the guard exists, only
/// `tokio::time::advance` moves the clock.
///
/// The guard occupies a thread of tokio's pool for blocking tasks. Without a paused clock, the guard has no effect. The
/// guard also has no effect in versions of tokio before 1.24.
///
/// While the guard exists, the pause of a retry ends only after the test advances the clock. Use [`no_delays`] to skip
/// these pauses.
///
/// # Panics
///
/// Panics outside a tokio runtime.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{testing, timeout};
///
/// #[timeout(1)]
/// async fn ask(server: tokio::sync::oneshot::Receiver<u32>) -> std::io::Result<u32> {
///     server.await.map_err(std::io::Error::other)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let (answer, server) = tokio::sync::oneshot::channel();
/// std::thread::spawn(move || {
///     std::thread::sleep(Duration::from_millis(20)); // real work
///     answer.send(7)
/// });
/// let _held = testing::hold_clock();
/// assert_eq!(ask(server).await.unwrap(), 7);
/// # }
/// ```
#[track_caller]
pub fn hold_clock() -> HeldClock {
    assert!(
        tokio::runtime::Handle::try_current().is_ok(),
        "`hold_clock()` needs a tokio runtime: call it in the body of a `#[resilience_runtime::test]`"
    );
    // Starts a blocking task, because tokio does not move a paused clock while a blocking task runs.
    let (release, released) = channel::<()>();
    tokio::task::spawn_blocking(move || released.recv());
    HeldClock { _release: release }
}

/// Prevents the paused clock from moving by itself while this guard exists. [`hold_clock`] returns this guard.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::testing::{HeldClock, hold_clock};
/// use tokio::time::{Instant, advance};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let held: HeldClock = hold_clock();
/// let begin = Instant::now();
/// advance(Duration::from_secs(5)).await; // only `advance` moves the clock
/// assert_eq!(begin.elapsed(), Duration::from_secs(5));
/// drop(held);
/// # Ok(())
/// # }
/// ```
#[must_use = "the clock runs ahead again as soon as the guard is dropped"]
pub struct HeldClock {
    _release: Sender<()>,
}

impl fmt::Debug for HeldClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldClock").finish_non_exhaustive()
    }
}
