//! Defines [`HedgeSource`], through which a call uses the settings and the counts of its hedge.

use std::time::Duration;

use crate::base::sync::Ordering;
use crate::hedge::core::HedgeCore;
use crate::retry::budget::config::RetryCost;
use crate::retry::budget::state::BudgetState;

/// Gives one call access to the settings and the counts of its hedge.
pub trait HedgeSource {
    /// Returns the time between the starts of two attempts.
    fn after(&self) -> Duration;

    /// Returns the shared settings and counts of the hedge.
    fn core(&self) -> &HedgeCore;

    /// Returns the budget that must grant each attempt after the first. Default: no budget.
    #[inline]
    fn budget(&self) -> Option<&BudgetState> {
        None
    }

    /// Begins to measure the duration of the first attempt, if the hedge has a percentile.
    #[inline]
    fn first_began(&mut self) {}

    /// Records the end of the first attempt. `has_won` is true if the first attempt has succeeded. Later calls of this
    /// method have no effect.
    #[inline]
    fn first_ended(&mut self, has_won: bool) {
        let _ = has_won;
    }

    /// Records the start of a call.
    #[inline]
    fn call_began(&mut self) {
        if let Some(budget) = self.budget() {
            budget.call_began();
        }
    }

    /// Asks the budget for a further attempt. Returns whether the budget denies the attempt.
    #[inline]
    fn is_denied(&self) -> bool {
        let is_denied = self.budget().is_some_and(|budget| !budget.try_retry(RetryCost::Failure));
        if is_denied {
            self.core().denied.fetch_add(1, Ordering::Relaxed);
        }
        is_denied
    }

    /// Records the success of a call that made `attempts` attempts. `by_hedge` is true if the success came from a
    /// second or later attempt.
    #[inline]
    fn call_succeeded(&self, attempts: u32, by_hedge: bool) {
        if by_hedge {
            self.core().won_by_hedge.fetch_add(1, Ordering::Relaxed);
        }
        if let (Some(budget), 1) = (self.budget(), attempts) {
            budget.call_succeeded(None);
        }
    }
}
