//! Defines [`HedgeAfter`], the value of the option `after`: a time or a percentile.
#![allow(missing_docs)] // This type needs no docs: only the hidden module `__private` exports it.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::base::config_error::Value;

/// The value of the option `after` of `#[hedge]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HedgeAfter {
    Time(Duration),
    /// A percentile of the durations of recent calls, such as 95.0.
    Percentile(f64),
}

/// The range of the allowed percentiles.
pub(super) const PERCENTILES: RangeInclusive<f64> = 50.0..=99.9;

impl From<HedgeAfter> for Value {
    fn from(after: HedgeAfter) -> Self {
        match after {
            HedgeAfter::Time(time) => Self::Time(time),
            HedgeAfter::Percentile(percentile) => Self::Percentile(percentile),
        }
    }
}
