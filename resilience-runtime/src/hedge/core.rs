//! Defines [`HedgeCore`], the settings and the counts of a hedge.

use std::time::Duration;

use crate::base::sync::AtomicU64;
use crate::retry::budget::RetryBudget;

/// The settings and the counts of a hedge.
#[derive(Debug)]
#[allow(missing_docs)] // no docs needed: only the hidden module `__private` exports this type
pub struct HedgeCore {
    /// The time between the starts of two attempts, or [`Duration::MAX`] if no attribute with this name sets the time.
    pub(super) after: Duration,
    pub(super) max: u32,
    /// The budget of a builder. An attribute passes its budget to each call instead.
    pub(super) budget: Option<RetryBudget>,
    pub(super) begun: AtomicU64,
    pub(super) won_by_hedge: AtomicU64,
    /// The number of hedges that a budget denied.
    pub(super) denied: AtomicU64,
}

/// The default of the option `max`.
pub(super) const MAX: u32 = 2;

impl HedgeCore {
    /// If `after` is `None`, the hedge starts no second attempt.
    pub(super) fn new(after: Option<Duration>, max: Option<u32>, budget: Option<RetryBudget>) -> Self {
        Self {
            after: after.unwrap_or(Duration::MAX),
            max: max.unwrap_or(MAX),
            budget,
            begun: AtomicU64::new(0),
            won_by_hedge: AtomicU64::new(0),
            denied: AtomicU64::new(0),
        }
    }

    /// Returns whether the hedge has no option but `after` and `max`.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.budget.is_none()
    }
}
