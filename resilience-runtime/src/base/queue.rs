//! Defines the range and the default of the option `max_queue`, the largest number of calls that wait for a bulkhead or
//! a rate limit.

use crate::base::config_error::ConfigError;

pub(crate) const DEFAULT: u32 = 1_000;
pub(crate) const LONGEST: u32 = 1_000_000_000;

/// Returns the value of the option `max_queue`, or the default if the option is not set.
///
/// # Errors
///
/// Returns a [`ConfigError`] if the number is outside its range.
pub(crate) fn checked(max_queue: Option<u32>) -> Result<u32, ConfigError> {
    match max_queue.unwrap_or(DEFAULT) {
        calls @ 1..=LONGEST => Ok(calls),
        calls => Err(ConfigError::new("max_queue", calls.to_string(), "a whole number from 1 to 1000000000")),
    }
}
