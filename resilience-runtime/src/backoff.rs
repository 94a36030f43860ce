use std::time::Duration;

use crate::clock::{LONGEST, fits};
use crate::error::ConfigError;

/// The pauses between attempts: `delay * factor^(n - 1)` after the n-th failed one.
///
/// Exponential backoff as in Ethernet's (IEEE 802.3, 4.2.3.2.5), without a cap but the largest `Duration`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Backoff {
    pub(crate) delay: Duration,
    pub(crate) factor: f64,
}

impl Backoff {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if !fits(self.delay) {
            return Err(ConfigError::new("delay", format!("{:?}", self.delay), LONGEST));
        }
        if !(self.factor.is_finite() && self.factor >= 1.0) {
            return Err(ConfigError::new("backoff", self.factor.to_string(), "a finite number of at least 1"));
        }
        Ok(())
    }

    /// The pause after the `attempt`-th failed attempt, counted from 1; saturates.
    #[inline]
    pub(crate) fn delay_after(&self, attempt: u32) -> Duration {
        // The first pause as it is written, and no delay stays none, though zero times infinity does not.
        if attempt <= 1 || self.delay.is_zero() { self.delay } else { self.grown(attempt) }
    }

    fn grown(&self, attempt: u32) -> Duration {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let growth = self.factor.powi(exponent);
        // Times one is exact.
        if growth <= 1.0 {
            return self.delay;
        }
        Duration::try_from_secs_f64(self.delay.as_secs_f64() * growth).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_overflows() {
        let day = Duration::from_secs(86_400);
        for (delay, factor, attempt, expected) in [
            (day, 2.0, 1, day),
            (day, 2.0, 0, day),
            (day, 2.0, u32::MAX, Duration::MAX),
            (day, f64::MAX, 2, Duration::MAX),
            (day, 1.0, u32::MAX, day),
            (Duration::ZERO, f64::MAX, u32::MAX, Duration::ZERO),
            (Duration::from_nanos(1), 1.0 + f64::EPSILON, 2, Duration::from_nanos(1)),
            (Duration::from_nanos(u64::MAX), 1.0, 9, Duration::from_nanos(u64::MAX)),
        ] {
            assert_eq!(
                Backoff { delay, factor }.delay_after(attempt),
                expected,
                "{delay:?} * {factor}^({attempt} - 1)"
            );
        }
    }
}
