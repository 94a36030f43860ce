//! Implements the builder of a bulkhead.

use std::borrow::Cow;
use std::time::Duration;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::{ConfigError, Value};
use crate::base::{name, queue};
use crate::bulkhead::bulkhead::{Bulkhead, Settings};

/// Builds a [`Bulkhead`]. [`Bulkhead::builder`] returns this builder.
///
/// | option | default | allowed |
/// |---|---|---|
/// | `max` | required | at least 1 |
/// | `wait` | 0 | 0 to 584 years |
/// | `max_queue` | 1,000 | 1 to 1,000,000,000 |
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::Bulkhead;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bulkhead = Bulkhead::builder("reports", 10).wait(Duration::from_millis(500)).max_queue(50).build()?;
/// assert_eq!(bulkhead.stats().max, 10);
///
/// let error = Bulkhead::builder("reports", 0).build().unwrap_err();
/// assert_eq!(error.to_string(), "`max` is 0, but must be a whole number of at least 1");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct BulkheadBuilder {
    name: Cow<'static, str>,
    max: u32,
    wait: Duration,
    max_queue: Option<u32>,
}

impl Bulkhead {
    /// Returns a builder for a bulkhead that runs at most `max` calls at the same time. The number `max` must be at
    /// least 1. Otherwise, [`build`](BulkheadBuilder::build) returns an error. On a 32-bit target, the bulkhead has at
    /// most 536,870,911 slots, even if `max` is larger.
    ///
    /// Events and errors show `name`. The name may be any text that is not blank.
    pub fn builder(name: impl Into<Cow<'static, str>>, max: u32) -> BulkheadBuilder {
        BulkheadBuilder { name: name.into(), max, wait: Duration::ZERO, max_queue: None }
    }
}

impl BulkheadBuilder {
    /// Sets the longest time for which a call waits for a free slot, 0 to 584 years. Default: 0, so a call is rejected
    /// at once if no slot is free.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Sets the largest number of waiting calls, 1 to 1,000,000,000. Default: 1,000. If `calls` calls are already
    /// waiting, a further call is rejected at once.
    pub fn max_queue(mut self, calls: u32) -> Self {
        self.max_queue = Some(calls);
        self
    }

    /// Creates the bulkhead.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] for an option outside its range, such as a `max` of zero, or for a blank name.
    pub fn build(self) -> Result<Bulkhead, ConfigError> {
        let Self { name, max, wait, max_queue } = self;
        name::check(&name)?;
        if max == 0 {
            return Err(ConfigError::new("max", "0".to_owned(), "a whole number of at least 1"));
        }
        if !fits(wait) {
            return Err(ConfigError::new("wait", Value::Time(wait).to_string(), LONGEST));
        }
        let max_queue = queue::checked(max_queue)?;
        Ok(Bulkhead::new(name.into(), Settings { max: Some(max), wait, max_queue }))
    }
}
