//! Injects faults into the decorated functions of a running service, to test the behaviour of the service in an outage.
//!
//! Three rules prevent an unintended fault:
//!
//! 1. If neither the feature `chaos` nor the feature `test-util` is on, the attributes generate no code for faults.
//! 2. The code of the service must call [`arm`] or [`arm_for`], and then inject the fault. No environment variable and
//!    no file can inject a fault.
//! 3. A fault ends by itself, after ten minutes or after the time passed to [`arm_for`].
//!
//! The event `chaos_armed` (WARN) reports the injection of a fault. While functions with this fault are called, the
//! event is repeated, at most once a minute. The event `chaos_disarmed` (WARN) reports the end of a fault. The event
//! `fault_injected` (DEBUG) reports each call with a fault. [`get_stats`](crate::get_stats) returns the numbers of
//! calls with a fault.
//!
//! A fault takes effect below every layer of the function, so all layers treat an injected error like an error of the
//! body. The first argument of [`Armed::inject`] selects the functions: the `name` of a layer, or the path of a
//! decorated function, such as `shop::orders::submit`.
//!
//! ```
//! use std::time::Duration;
//! use resilience_runtime::chaos::{self, Fault};
//! use resilience_runtime::circuit;
//!
//! #[circuit(name = "chaos_example")]
//! async fn ask() -> std::io::Result<u32> {
//!     Ok(7)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let armed = chaos::arm();
//! let slow = Fault::latency(Duration::from_millis(1)..=Duration::from_millis(5));
//! let _slow = armed.inject("chaos_example", 0.2, slow)?; // one call in five
//! let outage = armed.inject("chaos_example", 1.0, Fault::error(|| std::io::Error::other("chaos")))?;
//! assert_eq!(ask().await.unwrap_err().to_string(), "chaos");
//!
//! drop(outage);
//! assert_eq!(ask().await?, 7);
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::config_error::ConfigError;
#[cfg(feature = "test-util")]
use crate::base::scope::Scope;
use crate::fault::faults::{Faults, UnknownName};
use crate::fault::kind::{Kind, Maker};
use crate::fault::limits::Limits;

pub use crate::fault::stats::{ChaosStats, FaultStats};

/// The time for which [`arm`] allows faults.
const LONGEST: Duration = Duration::from_secs(600);

/// Allows faults for ten minutes, or until the returned value is dropped.
///
/// ```
/// use resilience_runtime::chaos::{self, Fault};
/// use resilience_runtime::circuit;
///
/// #[circuit(name = "arm_example")]
/// async fn ask() -> std::io::Result<u32> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let armed = chaos::arm();
/// let _outage = armed.inject("arm_example", 1.0, Fault::error(|| std::io::Error::other("chaos")))?;
/// assert!(ask().await.is_err());
/// drop(armed);
/// assert!(ask().await.is_ok());
/// # Ok(())
/// # }
/// ```
pub fn arm() -> Armed {
    arm_for(LONGEST)
}

/// Allows faults for the given time, or until the returned value is dropped. Every duration is allowed. With zero, no
/// fault takes effect. A time of more than 438 years counts as 438 years.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::chaos::{self, Fault};
/// use resilience_runtime::circuit;
/// use tokio::time::advance;
///
/// #[circuit(name = "arm_for_example")]
/// async fn ask() -> std::io::Result<u32> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let armed = chaos::arm_for(Duration::from_secs(60));
/// let _outage = armed.inject("arm_for_example", 1.0, Fault::error(|| std::io::Error::other("chaos")))?;
/// assert!(ask().await.is_err());
/// advance(Duration::from_secs(61)).await;
/// assert!(ask().await.is_ok());
/// # Ok(())
/// # }
/// ```
pub fn arm_for(time: Duration) -> Armed {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Armed {
        number: NEXT.fetch_add(1, Ordering::Relaxed),
        time,
        until: Tick::now().after(time),
        #[cfg(feature = "test-util")]
        scope: Scope::current(),
    }
}

/// Permits the injection of faults. [`arm`] and [`arm_for`] return this value. When this value is dropped, all faults
/// that it has injected end.
///
/// ```
/// use resilience_runtime::chaos::{Armed, arm};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// struct Drill { armed: Armed }
///
/// let drill = Drill { armed: arm() };
/// drop(drill.armed); // ends all faults of the drill
/// # Ok(())
/// # }
/// ```
#[must_use = "all faults end as soon as the value is dropped"]
#[derive(Debug)]
pub struct Armed {
    number: u64,
    time: Duration,
    until: Tick,
    #[cfg(feature = "test-util")]
    scope: Option<&'static Scope>,
}

impl Armed {
    /// Injects a fault into a share of the calls of some functions. `name` selects the functions: the `name` of a
    /// layer, or the path of a decorated function. `rate` is the share, greater than 0 and at most 1. The fault ends
    /// when the returned guard or this value is dropped, or when the time limit of [`arm`] or [`arm_for`] has passed.
    ///
    /// If several faults affect one call, the latencies add up. Of the other faults, only the oldest takes effect.
    ///
    /// A fault does not suit a function in two cases:
    ///
    /// - The fault is a hang, and the function is not `async`. The hang would block the thread for ever.
    /// - The fault is an error, but the function cannot return an error of this type (see [`Fault::error`]).
    ///
    /// In both cases, the first call with this fault runs without the fault, and ends the fault. The event
    /// `chaos_refused` (WARN) reports the reason.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if no decorated function and no layer has the name, or if the rate is outside its
    /// range.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::chaos::{self, Fault};
    /// use resilience_runtime::circuit;
    ///
    /// #[circuit(name = "inject_example")]
    /// async fn ask() -> std::io::Result<u32> {
    ///     Ok(7)
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let armed = chaos::arm();
    /// let _half = armed.inject("inject_example", 0.5, Fault::error(|| std::io::Error::other("chaos")))?;
    /// let _ = ask().await; // fails in about half of all calls
    ///
    /// assert_eq!(armed.inject("inject_example", 0.0, Fault::panic()).unwrap_err().option(), "rate");
    /// assert_eq!(armed.inject("no such name", 1.0, Fault::panic()).unwrap_err().option(), "name");
    /// # Ok(())
    /// # }
    /// ```
    pub fn inject(&self, name: &str, rate: f64, fault: Fault) -> Result<Injection, ConfigError> {
        if !(rate > 0.0 && rate <= 1.0) {
            return Err(ConfigError::new("rate", rate.to_string(), "a number above 0, at most 1"));
        }
        let limits = Limits::new(rate, self.time, self.until, self.number);
        let id = Faults::current().inject(name, fault.0, Some(limits));
        let id = id.map_err(|UnknownName { suggestion }| {
            let separator = if suggestion.is_empty() { "" } else { ";" };
            let allowed = format!(
                "the `name` of a layer, such as a circuit, or the path of a decorated function, such as \
                 `shop::orders::submit`{separator}{suggestion}"
            );
            ConfigError::of_name(name, allowed)
        })?;
        Ok(Injection {
            id,
            #[cfg(feature = "test-util")]
            scope: self.scope,
        })
    }
}

impl Drop for Armed {
    fn drop(&mut self) {
        #[cfg(feature = "test-util")]
        let _entered = Scope::replace(self.scope);
        Faults::current().disarm(self.number);
    }
}

/// Ends a fault when this guard is dropped. [`Armed::inject`] returns this guard.
///
/// ```
/// use resilience_runtime::chaos::{self, Fault};
/// use resilience_runtime::circuit;
///
/// #[circuit(name = "injection_example")]
/// async fn ask() -> std::io::Result<u32> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let armed = chaos::arm();
/// let outage = armed.inject("injection_example", 1.0, Fault::error(|| std::io::Error::other("chaos")))?;
/// assert!(ask().await.is_err());
/// drop(outage);
/// assert!(ask().await.is_ok());
/// # Ok(())
/// # }
/// ```
#[must_use = "the fault ends as soon as the guard is dropped"]
#[derive(Debug)]
pub struct Injection {
    id: u64,
    #[cfg(feature = "test-util")]
    scope: Option<&'static Scope>,
}

impl Drop for Injection {
    fn drop(&mut self) {
        #[cfg(feature = "test-util")]
        let _entered = Scope::replace(self.scope);
        Faults::current().remove(self.id);
    }
}

/// Describes a fault for [`Armed::inject`].
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::chaos::Fault;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let slow = Fault::latency(Duration::from_millis(50)..=Duration::from_millis(200));
/// let failing = Fault::error(|| std::io::Error::other("chaos"));
/// let _faults = [slow, failing, Fault::hang(), Fault::panic()];
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Fault(Kind);

impl Fault {
    /// Creates a fault that returns an error in place of running the body. The decorated function must return errors of
    /// the type `E`. The declared error type of the function must contain no type parameter, no lifetime other than
    /// `'static`, and no `Self`. The error type must also be `Unpin`, like nearly all error types.
    pub fn error<E: 'static>(error: impl Fn() -> E + Send + Sync + 'static) -> Self {
        Self(Kind::Error(Maker::new(error)))
    }

    /// Creates a fault that waits for a random time in the range `time` before the body runs. Every duration is
    /// allowed. If the range is empty, the fault waits for the time at its start.
    ///
    /// In a function that is not `async`, the wait blocks the thread. In an async function, a wait longer than zero
    /// needs the timer of a tokio runtime. The call panics if no tokio runtime with an enabled timer is running.
    pub fn latency(time: RangeInclusive<Duration>) -> Self {
        Self(Kind::Latency(time))
    }

    /// Creates a fault that hangs in place of running the body. The call stays pending until a timeout ends the call,
    /// or until the future of the call is dropped. The end of the fault does not end the call.
    pub fn hang() -> Self {
        Self(Kind::Hang)
    }

    /// Creates a fault that panics in place of running the body.
    pub fn panic() -> Self {
        Self(Kind::Panic)
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fault").field(&self.0).finish()
    }
}
