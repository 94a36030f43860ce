//! Implements isolated tests, which share no layer with other tests.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task::JoinHandle;

use crate::base::scope::{Entered, Scope, outside, scoped};
use crate::registry::all_circuits::calls_by_name;

/// Runs a future as an isolated test.
///
/// Inside `future`, all layers and all retry budgets begin in their initial state. No other test changes this state.
/// The random numbers of the library, such as the jitter of a retry, are the same in each run of the test. The function
/// [`events`](super::events) returns the events of the test.
///
/// The attribute [`#[resilience_runtime::test]`](macro@crate::test) runs the body of a test in this function. Call
/// `isolated` directly if a test needs another runner, such as a runtime with several threads.
///
/// # Limits
///
/// All code that runs while `future` is polled belongs to the isolated test. A task from `tokio::spawn`, or a new
/// thread, belongs to the test only after the task or thread has joined the test by a [`handle`].
///
/// The test does not isolate layers that the program itself creates, such as a `CircuitBreaker` in a `static`, or a
/// layer from the option `with`. A [`RetryBudget`](crate::RetryBudget) is an exception: each isolated test has its own
/// copy of each budget, wherever the budget is stored.
///
/// Each isolated test occupies about 10 KiB of memory until the process ends.
///
/// # Panics
///
/// Panics if the caller already runs inside an isolated test.
///
/// # Cancel safety
///
/// Dropping the returned future also drops `future`. The destructors inside `future` run as a part of the isolated
/// test.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{CircuitState, circuit, get_circuit_stats, testing};
///
/// #[circuit(name = "isolated_example", threshold = 1)]
/// async fn ask() -> std::io::Result<()> {
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// testing::isolated(async {
///     assert!(ask().await.is_err());
///     assert_eq!(get_circuit_stats()["isolated_example"].state, CircuitState::Open);
/// })
/// .await;
/// assert_eq!(get_circuit_stats()["isolated_example"].state, CircuitState::Closed);
/// # }
/// ```
#[track_caller]
pub fn isolated<F: Future>(future: F) -> impl Future<Output = F::Output> {
    assert!(Scope::current().is_none(), "{NESTED}");
    let scope = Scope::new();
    let _entered = scope.enter();
    CallsBefore::of_test();
    Isolated { scope, future: Some(future) }
}

const NESTED: &str = "an isolated test inside another isolated test: leave out the inner `isolated`, or the inner \
                      `#[resilience_runtime::test]`";

/// Returns the handle of the isolated test in which the caller runs.
///
/// The handle contains the layers of the test, but not its clock. A new thread reads the real clock until the thread
/// enters the tokio runtime of the test, see [`Handle::enter`].
///
/// # Panics
///
/// Panics outside an isolated test.
///
/// # Examples
///
/// ```
/// use resilience_runtime::testing;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// testing::isolated(async {
///     let test = testing::handle();
///     test.spawn(async { /* belongs to the test */ }).await.unwrap();
///     let runtime = tokio::runtime::Handle::current();
///     std::thread::spawn(move || {
///         let _runtime = runtime.enter(); // for the clock of the test
///         let _guard = test.enter();
///         // belongs to the test until the end of this block
///     })
///     .join()
///     .unwrap();
/// })
/// .await;
/// # }
/// ```
#[track_caller]
pub fn handle() -> Handle {
    Handle { scope: current("handle()") }
}

/// Returns the scope of the current isolated test. The scope contains the test's own copies of global values. Panics
/// outside an isolated test. The panic message contains `wanted`, the name of the called function, such as `handle()`.
#[track_caller]
pub(super) fn current(wanted: &str) -> &'static Scope {
    let message = "needs an isolated test: write `#[resilience_runtime::test]` above the test, or put the body into \
                   `testing::isolated(async { .. })`; a spawned task or a thread joins the test by `testing::handle()`";
    // Uses no closure, so that the location of the panic is the line of the test.
    let Some(scope) = Scope::current() else { panic!("`{wanted}` {message}") };
    scope
}

/// Lets tasks and threads join an isolated test. [`handle`] returns this handle.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, get_circuit, testing};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// testing::isolated(async {
///     CircuitBreaker::builder("of_the_test").register().unwrap();
///     let test: testing::Handle = testing::handle();
///     let found = test.spawn(async { get_circuit("of_the_test").is_some() });
///     assert!(found.await.unwrap());
///     let found = tokio::spawn(async { get_circuit("of_the_test").is_some() });
///     assert!(!found.await.unwrap()); // has not joined the test
/// })
/// .await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Handle {
    scope: &'static Scope,
}

impl Handle {
    /// Spawns a task with `tokio::spawn`. The task belongs to the isolated test.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        tokio::spawn(self.scope(future))
    }

    /// Wraps a future. The polls of the returned future belong to the isolated test. A test can spawn the returned
    /// future in a `JoinSet`, for example.
    ///
    /// # Panics
    ///
    /// The returned future panics if it is polled inside another isolated test.
    ///
    /// # Cancel safety
    ///
    /// Dropping the returned future also drops `future`. The destructors inside `future` run as a part of the isolated
    /// test.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, get_circuit, testing};
    /// use tokio::task::JoinSet;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// testing::isolated(async {
    ///     CircuitBreaker::builder("of_the_set").register().unwrap();
    ///     let mut tasks = JoinSet::new();
    ///     tasks.spawn(testing::handle().scope(async { get_circuit("of_the_set").is_some() }));
    ///     assert!(tasks.join_next().await.unwrap().unwrap());
    /// })
    /// .await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        Isolated { scope: self.scope, future: Some(future) }
    }

    /// Makes the current thread a part of the isolated test, until the returned guard is dropped. Do not hold the guard
    /// across an `.await`, because other tasks on this thread would then belong to the test.
    ///
    /// # The clock of the thread
    ///
    /// This method does not change the clock that the thread reads. A thread of `tokio::task::spawn_blocking` reads the
    /// clock of its runtime, as the test does. A thread of `std::thread::spawn` reads the real clock, even if the test
    /// runs on a paused clock. For this thread, a cooldown that the test has skipped with `tokio::time::advance` is
    /// not over. To read the clock of the test, the thread also enters the runtime of the test, with the method `enter`
    /// of `tokio::runtime::Handle`.
    ///
    /// # Panics
    ///
    /// Panics if the thread already belongs to another isolated test.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{io, thread, time::Duration};
    /// use resilience_runtime::{assert_circuit, circuit, testing};
    ///
    /// #[circuit(name = "of_a_thread", threshold = 1, cooldown = 30)]
    /// fn write(is_full: bool) -> io::Result<()> {
    ///     if is_full { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// testing::isolated(async {
    ///     write(true).unwrap_err();
    ///     tokio::time::advance(Duration::from_secs(30)).await;
    ///     let (test, runtime) = (testing::handle(), tokio::runtime::Handle::current());
    ///     let thread = thread::spawn(move || {
    ///         let _runtime = runtime.enter();
    ///         let _test = test.enter();
    ///         write(false)
    ///     });
    ///     thread.join().unwrap().unwrap(); // a trial, because the cooldown is over
    ///     assert_circuit!("of_a_thread", Closed);
    /// })
    /// .await;
    /// # }
    /// ```
    #[track_caller]
    pub fn enter(&self) -> HandleGuard {
        HandleGuard { _entered: enter(self.scope) }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

/// Makes the current thread a part of an isolated test while this guard exists. [`Handle::enter`] returns this guard.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, get_circuit, testing};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// testing::isolated(async {
///     CircuitBreaker::builder("of_the_thread").register().unwrap();
///     let test = testing::handle();
///     let thread = std::thread::spawn(move || {
///         let guard = test.enter();
///         assert!(get_circuit("of_the_thread").is_some());
///         drop(guard);
///         assert!(get_circuit("of_the_thread").is_none());
///     });
///     thread.join().unwrap();
/// })
/// .await;
/// # Ok(())
/// # }
/// ```
#[must_use = "the thread leaves the isolated test as soon as the guard is dropped"]
#[derive(Debug)]
pub struct HandleGuard {
    _entered: Entered,
}

#[track_caller]
fn enter(scope: &'static Scope) -> Entered {
    let is_nested = Scope::current().is_some_and(|current| !std::ptr::eq(current, scope));
    assert!(!is_nested, "{NESTED}");
    scope.enter()
}

pin_project! {
    /// A future that belongs to an isolated test.
    struct Isolated<F> {
        scope: &'static Scope,
        // The future is dropped inside the test, because its destructor may call decorated functions.
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Isolated<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = this.scope.enter();
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for Isolated<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _entered = enter(this.scope);
        match this.future.as_mut().as_pin_mut() {
            Some(future) => {
                let polled = future.poll(cx);
                if polled.is_ready() {
                    this.future.set(None);
                }
                polled
            }
            None => panic!("the future of an isolated test was polled after its end"),
        }
    }
}

/// The number of calls that each circuit had received outside isolated tests when the current isolated test began.
#[derive(Default)]
pub(super) struct CallsBefore(BTreeMap<String, u64>);

impl CallsBefore {
    /// Returns the numbers that were stored when the current isolated test began, one for each circuit. Outside an
    /// isolated test, returns an empty map.
    pub(super) fn of_test() -> &'static Self {
        static OUTSIDE: CallsBefore = CallsBefore(BTreeMap::new());
        scoped(&OUTSIDE, || Self(outside(calls_by_name)))
    }

    /// Returns the number of calls that the circuit `name` received outside isolated tests since the current test
    /// began.
    pub(super) fn since(&self, name: &str) -> u64 {
        let now = outside(calls_by_name).get(name).copied().unwrap_or_default();
        now.saturating_sub(self.0.get(name).copied().unwrap_or_default())
    }
}
