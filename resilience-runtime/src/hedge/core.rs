//! Defines [`HedgeCore`], the settings and the counts of a hedge.

use std::time::Duration;

use crate::base::sync::AtomicU64;
use crate::base::versions::Versions;
use crate::hedge::after::HedgeAfter;
use crate::hedge::percentile::Percentile;
use crate::retry::budget::RetryBudget;

/// The settings and the counts of a hedge.
#[derive(Debug)]
#[allow(missing_docs)] // This type needs no docs: only the hidden module `__private` exports it.
pub struct HedgeCore {
    pub(super) settings: Versions<Settings>,
    pub(super) percentile: Option<Box<Percentile>>,
    /// The budget that a builder sets. An attribute passes its budget to each call instead.
    pub(super) budget: Option<RetryBudget>,
    pub(super) begun: AtomicU64,
    pub(super) won_by_hedge: AtomicU64,
    /// The number of attempts that a budget denied.
    pub(super) denied: AtomicU64,
}

/// The settings of a hedge that can change at run time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Settings {
    /// The time between the starts of two attempts. The field contains [`Duration::MAX`] if no attribute sets the time.
    /// The field also contains this value if a percentile or an expression determines the time.
    pub(super) after: Duration,
    /// The largest number of attempts of one call.
    pub(super) max: u32,
}

/// The default of the option `max`.
pub(super) const MAX: u32 = 2;

impl HedgeCore {
    /// Creates a hedge without a budget. If `after` is `None`, each call evaluates an expression for the time between
    /// two attempts, or no attribute sets this time.
    pub(super) fn new(after: Option<HedgeAfter>, limits: [Option<Duration>; 2], max: Option<u32>) -> Self {
        let [min_after, max_after] = limits;
        let (after, percentile) = match after {
            Some(HedgeAfter::Time(after)) => (after, None),
            Some(HedgeAfter::Percentile(percentile)) => {
                let (min, max) = (min_after.unwrap_or(Duration::ZERO), max_after.unwrap_or(Duration::MAX));
                (Duration::MAX, Some(Box::new(Percentile::new(percentile, min, max))))
            }
            None => (Duration::MAX, None),
        };
        Self {
            settings: Versions::new(Settings { after, max: max.unwrap_or(MAX) }),
            percentile,
            budget: None,
            begun: AtomicU64::new(0),
            won_by_hedge: AtomicU64::new(0),
            denied: AtomicU64::new(0),
        }
    }

    /// Returns the time between the starts of two attempts. If the hedge has a percentile, this time is the current
    /// value of the percentile.
    #[inline]
    pub(super) fn after(&self) -> Duration {
        self.percentile.as_ref().map_or_else(|| self.settings.current().after, |percentile| percentile.after())
    }
}
