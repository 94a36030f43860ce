//! Implements [`HedgeBuilder`], which checks the options of a hedge.

use std::borrow::Borrow;
use std::time::Duration;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::{ConfigError, Value};
use crate::base::sync::Arc;
use crate::hedge::core::{HedgeCore, MAX};
use crate::hedge::hedge::Hedge;
use crate::retry::budget::RetryBudget;

/// Builds a [`Hedge`]. The function [`Hedge::builder`] creates this builder.
///
/// | option | default | allowed |
/// |---|---|---|
/// | `after` | required | longer than 0, up to 584 years |
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
/// assert!(Hedge::builder().max(3).build().is_err());
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `build`"]
#[derive(Clone, Debug)]
pub struct HedgeBuilder {
    after: Option<Duration>,
    max: u32,
    budget: Option<RetryBudget>,
}

impl Hedge {
    /// Creates a hedge of at most `max` attempts. The time `after` passes between the starts of two consecutive
    /// attempts. The number `max` must be from 2 to 5. The time `after` must be longer than zero, and at most 584
    /// years. [`Hedge::builder`] has further options.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if `after` or `max` is outside its range.
    pub fn new(after: Duration, max: u32) -> Result<Self, ConfigError> {
        Self::builder().after(after).max(max).build()
    }

    /// Returns a builder with the default options. A time is required.
    pub fn builder() -> HedgeBuilder {
        HedgeBuilder { after: None, max: MAX, budget: None }
    }
}

impl HedgeBuilder {
    /// Sets the time between the starts of two consecutive attempts. The time must be longer than zero, and at most 584
    /// years. Required.
    #[doc(alias = "delay")]
    pub fn after(mut self, after: Duration) -> Self {
        self.after = Some(after);
        self
    }

    /// Sets the maximum number of attempts, including the first attempt. The number must be from 2 to 5. Default: 2.
    #[doc(alias = "max_hedges")]
    pub fn max(mut self, attempts: u32) -> Self {
        self.max = attempts;
        self
    }

    /// Sets the budget that must grant each further attempt. Default: none. Several hedges, `#[hedge]` attributes and
    /// retries may share one budget. The parameter is a budget, or a reference to a budget.
    pub fn budget(mut self, budget: impl Borrow<RetryBudget>) -> Self {
        self.budget = Some(budget.borrow().clone());
        self
    }

    /// Creates the hedge.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] for a missing option, and for an option outside its range.
    pub fn build(self) -> Result<Hedge, ConfigError> {
        let Self { after, max, budget } = self;
        let Some(after) = after else {
            return Err(ConfigError::new("after", "not set".to_owned(), "a time that is longer than zero"));
        };
        check_time("after", after)?;
        if !(2..=5).contains(&max) {
            return Err(ConfigError::new("max", max.to_string(), "a whole number from 2 to 5"));
        }
        Ok(Hedge(Arc::new(HedgeCore::new(Some(after), Some(max), budget))))
    }
}

fn check_time(option: &'static str, time: Duration) -> Result<(), ConfigError> {
    let error = |allowed: &'static str| Err(ConfigError::new(option, Value::Time(time).to_string(), allowed));
    match time {
        Duration::ZERO => error("longer than zero"),
        _ if !fits(time) => error(LONGEST),
        _ => Ok(()),
    }
}
