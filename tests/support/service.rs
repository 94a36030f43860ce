use std::cell::{Cell, RefCell};
use std::time::Duration;

use resilience_runtime::CircuitBreaker;
use tokio::time::Instant;

use crate::Error;

/// Records the time at which each call began.
#[derive(Debug)]
pub struct Calls {
    begin: Instant,
    at: RefCell<Vec<Duration>>,
}

impl Calls {
    /// Starts a record. All times in the record are relative to this moment.
    pub fn start() -> Self {
        Self { begin: Instant::now(), at: RefCell::default() }
    }

    /// Records a call, and returns the number of the call, from 1.
    pub fn note(&self) -> u32 {
        self.at.borrow_mut().push(self.elapsed());
        self.count()
    }

    /// Returns the number of recorded calls.
    pub fn count(&self) -> u32 {
        u32::try_from(self.at.borrow().len()).unwrap()
    }

    /// Returns the time since [`Calls::start`].
    pub fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Returns the start time of each call, measured from [`Calls::start`].
    pub fn times(&self) -> Vec<Duration> {
        self.at.borrow().clone()
    }

    /// Returns the start time of each call in whole seconds, measured from [`Calls::start`].
    pub fn seconds(&self) -> Vec<u64> {
        self.at.borrow().iter().map(Duration::as_secs).collect()
    }

    /// Returns the start time of each call in whole milliseconds, measured from [`Calls::start`].
    pub fn millis(&self) -> Vec<u128> {
        self.at.borrow().iter().map(Duration::as_millis).collect()
    }
}

/// A service that fails in its first calls, and succeeds in all later calls.
#[derive(Debug)]
pub struct Service {
    /// The record of all calls of the service.
    pub calls: Calls,
    up_from: Cell<u32>,
}

impl Service {
    /// Creates a service whose first success is the call with the number `call`, counted from 1.
    pub fn up_from(call: u32) -> Self {
        Self { calls: Calls::start(), up_from: Cell::new(call) }
    }

    /// Creates a service that succeeds in every call.
    pub fn up() -> Self {
        Self::up_from(0)
    }

    /// Creates a service that fails in every call.
    pub fn down() -> Self {
        Self::up_from(u32::MAX)
    }

    /// Makes all later calls succeed.
    pub fn repair(&self) {
        self.up_from.set(0);
    }

    /// Makes all later calls fail.
    pub fn fail(&self) {
        self.up_from.set(u32::MAX);
    }

    /// Calls the service. The value or the error contains the number of the call, from 1.
    pub fn call(&self) -> Result<u32, Error> {
        let call = self.calls.note();
        if call >= self.up_from.get() { Ok(call) } else { Err(Error::Failed(call)) }
    }
}

/// Adds 1 to the number of calls, and returns the new number as an error.
pub fn fail(calls: &Cell<u32>) -> Result<(), u32> {
    calls.set(calls.get() + 1);
    Err(calls.get())
}

/// Makes one call for each character of `pattern`. A call for the character `x` fails, and every other call succeeds.
/// Panics if the breaker rejects a call.
pub fn calls(breaker: &CircuitBreaker, pattern: &str) {
    for call in pattern.chars() {
        let permit = breaker.try_acquire().expect("the circuit admits the call");
        if call == 'x' { permit.failure() } else { permit.success() }
    }
}
