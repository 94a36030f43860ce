//! Implements the functions that inject faults into decorated functions.

use std::time::Duration;

use crate::base::scope::Scope;
use crate::fault::faults::{Faults, UnknownName};
use crate::fault::kind::{Kind, Maker};
use crate::fault::script;

/// Makes the next `calls` calls return an error, in place of running their body.
///
/// The argument `name` is the name of a layer, such as a circuit, or the path of a decorated function, such as
/// `shop::orders::submit`. With the name of a layer, the fault affects all functions with this layer. If the layer has
/// the option `key`, the fault affects all keys. The path of a method contains its module, but not its type, so the
/// fault affects all methods of this name in the module.
///
/// The error replaces the outcome of the body, so all layers treat the error like an error of the service. Each attempt
/// of a retry or a hedge counts as one call.
///
/// With zero calls, the fault has no effect. The fault ends after `calls` calls, at a call of
/// [`reset_everything`](super::reset_everything), or at the end of the isolated test. If a name has several faults,
/// only the oldest fault affects a call. The next fault begins when the oldest fault has ended. Latency faults are an
/// exception: they apply in addition to the oldest fault. A fault that is injected outside an isolated test affects all
/// calls outside isolated tests.
///
/// # Panics
///
/// Panics if no decorated function and no layer has the name. A call of a decorated function panics if `error` returns
/// a value of another type than the error type of this function. A call also panics if this error type names a type
/// parameter, a lifetime other than `'static`, or `Self`, or is not `Unpin`. For a function with such an error type, a
/// test can inject only latency, hangs and panics.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{circuit, retry, testing};
/// use std::io;
///
/// #[retry(max = 3, delay = 0)]
/// #[circuit(name = "fail_next_example")]
/// async fn ask() -> io::Result<u32> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// testing::isolated(async {
///     testing::fail_next("fail_next_example", 2, || io::Error::from(io::ErrorKind::TimedOut));
///     assert_eq!(ask().await.unwrap(), 7); // the third attempt
/// })
/// .await;
/// # }
/// ```
#[track_caller]
pub fn fail_next<E: 'static>(name: &str, calls: u32, error: impl Fn() -> E + Send + Sync + 'static) {
    inject(name, Kind::Next(calls, Maker::new(error)));
}

/// Makes each call wait for `time` before its body runs. The fault ends when the returned guard is dropped.
///
/// The documentation of [`fail_next`] describes `name`. The latencies of several faults add up.
///
/// In a function that is not `async`, the latency blocks the thread in real time. A paused clock does not move
/// meanwhile. A circuit with `slow_call` therefore counts no slow call, and the metrics show a duration of zero. To test
/// slow calls of such a function, use the real clock: `#[resilience_runtime::test(start_paused = false)]`.
///
/// # Panics
///
/// Panics if no decorated function and no layer has the name. With a `time` longer than zero, a call of an async
/// function panics if no tokio runtime with an enabled timer is running.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{testing, timeout};
///
/// #[timeout(1, name = "latency_example")]
/// async fn ask() -> std::io::Result<u32> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// testing::isolated(async {
///     let slow = testing::latency("latency_example", Duration::from_secs(2));
///     assert_eq!(ask().await.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
///     drop(slow);
///     assert_eq!(ask().await.unwrap(), 7);
/// })
/// .await;
/// # }
/// ```
#[track_caller]
pub fn latency(name: &str, time: Duration) -> FaultGuard {
    guarded(name, Kind::Latency(time..=time))
}

/// Makes each call hang for ever in place of running its body. The fault ends when the returned guard is dropped, but a
/// call that already hangs stays pending.
///
/// The documentation of [`fail_next`] describes `name`.
///
/// # Panics
///
/// Panics if no decorated function and no layer has the name. A call of a function that is not `async` panics, because
/// the call would block its thread for ever.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{testing, timeout};
///
/// #[timeout(1, name = "hang_example")]
/// async fn ask() -> std::io::Result<u32> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// testing::isolated(async {
///     let hanging = testing::hang("hang_example");
///     assert_eq!(ask().await.unwrap_err().kind(), std::io::ErrorKind::TimedOut);
///     drop(hanging);
///     assert_eq!(ask().await.unwrap(), 7);
/// })
/// .await;
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn hang(name: &str) -> FaultGuard {
    guarded(name, Kind::Hang)
}

/// Makes each call panic in place of running its body. The fault ends when the returned guard is dropped.
///
/// The documentation of [`fail_next`] describes `name`.
///
/// # Panics
///
/// Panics if no decorated function and no layer has the name.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{circuit, testing};
///
/// #[circuit(name = "panic_example")]
/// async fn ask() -> std::io::Result<u32> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// testing::isolated(async {
///     let _panicking = testing::panic("panic_example");
///     let call = testing::handle().spawn(ask());
///     assert!(call.await.unwrap_err().is_panic());
/// })
/// .await;
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn panic(name: &str) -> FaultGuard {
    guarded(name, Kind::Panic)
}

/// Applies a script of faults to the next calls. The script ends when the returned guard is dropped.
///
/// Each word of the script describes the fault of one call. With `ok`, the body runs. With `err`, the call returns the
/// error that the function `error` returns. With `hang`, the call hangs for ever. With `panic`, the call panics. With a
/// time, such as `250ms`, the body runs after this time. The units are `us`, `ms`, `s`, `m` and `h`. After the last
/// word, each call runs its body. If no word is `err`, `error` is never called, so the closure `|| ()` suffices.
///
/// The documentation of [`fail_next`] describes `name`. A time works like the time of a [`latency`].
///
/// # Panics
///
/// Panics if no decorated function and no layer has the name, or if the script contains an unknown word or is empty. A
/// call panics in the cases that [`fail_next`] describes. A call of a function that is not `async` also panics at the
/// word `hang`.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{circuit, testing};
/// use std::io;
///
/// #[circuit(name = "script_example")]
/// async fn ask() -> io::Result<u32> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// testing::isolated(async {
///     let _script = testing::script("script_example", "ok err 250ms", || io::Error::other("down"));
///     assert!(ask().await.is_ok());
///     assert!(ask().await.is_err());
///     assert!(ask().await.is_ok()); // after 250 ms
/// })
/// .await;
/// # }
/// ```
#[track_caller]
pub fn script<E: 'static>(name: &str, script: &str, error: impl Fn() -> E + Send + Sync + 'static) -> FaultGuard {
    // Uses a `match` instead of a closure, so that the location of the panic is the line of the test.
    match script::parse(script) {
        Ok(steps) => guarded(name, Kind::Script(steps.into(), Maker::new(error))),
        Err(message) => panic!("the script for `{name}` is wrong: {message}"),
    }
}

/// Removes a fault when this guard is dropped. [`latency`], [`hang`], [`panic()`] and [`script()`] return the guard.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{circuit, testing};
///
/// #[circuit(name = "guard_example")]
/// async fn ask() -> std::io::Result<u32> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// testing::isolated(async {
///     let guards = [
///         testing::latency("guard_example", Duration::from_millis(1)),
///         testing::panic("guard_example"),
///     ];
///     drop(guards); // removes both faults
///     assert!(ask().await.is_ok());
/// })
/// .await;
/// # Ok(())
/// # }
/// ```
#[must_use = "the fault ends as soon as the guard is dropped"]
#[derive(Debug)]
pub struct FaultGuard {
    id: u64,
    scope: Option<&'static Scope>,
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        // Removes the fault from the isolated test that injected the fault, because the guard may be dropped outside
        // this test.
        Scope::with(self.scope, || Faults::current().remove(self.id));
    }
}

#[track_caller]
fn guarded(name: &str, kind: Kind) -> FaultGuard {
    FaultGuard { id: inject(name, kind), scope: Scope::current() }
}

#[track_caller]
fn inject(name: &str, kind: Kind) -> u64 {
    match Faults::current().inject(name, kind, None) {
        Ok(id) => id,
        Err(UnknownName { suggestion }) => panic!(
            "no decorated function and no layer of an attribute has the name `{}`:{suggestion} write the `name` of a \
             layer, such as a circuit, or the path of a function, such as `shop::orders::submit`",
            name.escape_debug()
        ),
    }
}
