//! Implements [`HedgeBuilder`], which checks the options of a hedge.

use std::borrow::Borrow;
use std::time::Duration;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::{ConfigError, Value};
use crate::base::sync::Arc;
use crate::hedge::after::{HedgeAfter, PERCENTILES};
use crate::hedge::core::{HedgeCore, MAX};
use crate::hedge::hedge::Hedge;
use crate::retry::budget::RetryBudget;

/// Builds a [`Hedge`]. The function [`Hedge::builder`] creates this builder.
///
/// | option | default | allowed |
/// |---|---|---|
/// | `after` | required, unless `percentile` is set | longer than 0, up to 584 years |
/// | `percentile` | none | 50.0 to 99.9; not with `after` |
/// | `min_after`, `max_after` | required with a `percentile` | longer than 0, up to 584 years; only with a `percentile` |
/// | `max` | 2 | 2 to 5 |
/// | `budget` | none | |
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{Hedge, RetryBudget, RetryRatio};
///
/// # fn main() -> Result<(), resilience_runtime::ConfigError> {
/// let budget = RetryBudget::ratio(RetryRatio { share: 0.1, ..RetryRatio::DEFAULT });
/// let hedge = Hedge::builder().after(Duration::from_millis(200)).budget(&budget).build()?;
/// assert_eq!(hedge.max(), 2);
///
/// let percentile = Hedge::builder()
///     .percentile(95.0)
///     .min_after(Duration::from_millis(5))
///     .max_after(Duration::from_secs(1))
///     .build()?;
/// assert_eq!(percentile.after(), Duration::from_secs(1)); // no call was measured yet
///
/// assert!(Hedge::builder().max(3).build().is_err());
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `build`"]
#[derive(Clone, Debug)]
pub struct HedgeBuilder {
    after: Option<Duration>,
    percentile: Option<f64>,
    min_after: Option<Duration>,
    max_after: Option<Duration>,
    max: u32,
    budget: Option<RetryBudget>,
}

impl Hedge {
    /// Creates a hedge that makes at most `max` attempts, from 2 to 5. `after` is the time between the starts of two
    /// consecutive attempts, longer than zero and at most 584 years. [`Hedge::builder`] has further options.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if `after` or `max` is outside its range.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::Hedge;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let hedge = Hedge::new(Duration::from_millis(200), 3)?;
    /// assert_eq!((hedge.after(), hedge.max()), (Duration::from_millis(200), 3));
    /// assert!(Hedge::new(Duration::from_millis(200), 6).is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(after: Duration, max: u32) -> Result<Self, ConfigError> {
        Self::builder().after(after).max(max).build()
    }

    /// Returns a builder with the default options. Either `after` or `percentile` is required.
    pub fn builder() -> HedgeBuilder {
        HedgeBuilder { after: None, percentile: None, min_after: None, max_after: None, max: MAX, budget: None }
    }
}

impl HedgeBuilder {
    /// Sets the time between the starts of two consecutive attempts. The time must be longer than zero, and at most 584
    /// years. This option is required if no percentile is set.
    #[doc(alias = "delay")]
    pub fn after(mut self, after: Duration) -> Self {
        self.after = Some(after);
        self
    }

    /// Sets the percentile of recent call durations after which the next attempt starts. The percentile must be from
    /// 50.0 to 99.9. Default: none.
    ///
    /// A percentile requires the options [`min_after`](Self::min_after) and [`max_after`](Self::max_after). The page of
    /// [`#[hedge]`](macro@crate::hedge#percentiles) describes the measurement.
    #[doc(alias = "quantile")]
    pub fn percentile(mut self, percentile: f64) -> Self {
        self.percentile = Some(percentile);
        self
    }

    /// Sets the shortest time after which the next attempt starts, if a percentile determines this time. The shortest
    /// time must be longer than zero, and at most `max_after`. This option is required with a percentile.
    pub fn min_after(mut self, min: Duration) -> Self {
        self.min_after = Some(min);
        self
    }

    /// Sets the longest time after which the next attempt starts, if a percentile determines this time. Until 100 calls
    /// were measured, the hedge uses the longest time in place of the percentile. The longest time must be longer than
    /// zero, and at most 584 years. This option is required with a percentile.
    pub fn max_after(mut self, max: Duration) -> Self {
        self.max_after = Some(max);
        self
    }

    /// Sets the maximum number of attempts, including the first attempt. The number must be from 2 to 5. Default: 2.
    #[doc(alias = "max_hedges")]
    pub fn max(mut self, attempts: u32) -> Self {
        self.max = attempts;
        self
    }

    /// Sets the budget that must grant each attempt after the first. Default: none. Several hedges, `#[hedge]`
    /// attributes and retries may share one budget. The parameter is a budget, or a reference to a budget.
    pub fn budget(mut self, budget: impl Borrow<RetryBudget>) -> Self {
        self.budget = Some(budget.borrow().clone());
        self
    }

    /// Creates the hedge.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if an option is missing or outside its range, or if two options exclude each other.
    pub fn build(self) -> Result<Hedge, ConfigError> {
        let after = self.checked_after()?;
        let Self { min_after, max_after, max, budget, .. } = self;
        if !(2..=5).contains(&max) {
            return Err(ConfigError::new("max", max.to_string(), "a whole number from 2 to 5"));
        }
        let core = HedgeCore::new(Some(after), [min_after, max_after], Some(max));
        Ok(Hedge(Arc::new(HedgeCore { budget, ..core })))
    }

    fn checked_after(&self) -> Result<HedgeAfter, ConfigError> {
        let limits = [("min_after", self.min_after), ("max_after", self.max_after)];
        let Some(percentile) = self.percentile else {
            for (option, time) in limits {
                if let Some(time) = time {
                    let value = Value::Time(time).to_string();
                    return Err(ConfigError::new(option, value, "left out without a `percentile`"));
                }
            }
            let after = self.after.ok_or_else(|| missing("after", "a time, unless `percentile` is set"))?;
            check_time("after", after)?;
            return Ok(HedgeAfter::Time(after));
        };
        let error = |allowed| Err(ConfigError::new("percentile", percentile.to_string(), allowed));
        if self.after.is_some() {
            return error("left out beside `after`");
        }
        if !PERCENTILES.contains(&percentile) {
            return error("a number from 50 to 99.9");
        }
        for (option, time) in limits {
            check_time(option, time.ok_or_else(|| missing(option, "a time, because `percentile` is set"))?)?;
        }
        if self.min_after > self.max_after {
            let value = self.min_after.map(Value::Time).map(|min| min.to_string()).unwrap_or_default();
            return Err(ConfigError::new("min_after", value, "at most as long as `max_after`"));
        }
        Ok(HedgeAfter::Percentile(percentile))
    }
}

fn missing(option: &'static str, allowed: &'static str) -> ConfigError {
    ConfigError::new(option, "not set".to_owned(), allowed)
}

fn check_time(option: &'static str, time: Duration) -> Result<(), ConfigError> {
    let error = |allowed: &'static str| Err(ConfigError::new(option, Value::Time(time).to_string(), allowed));
    match time {
        Duration::ZERO => error("longer than zero"),
        _ if !fits(time) => error(LONGEST),
        _ => Ok(()),
    }
}
