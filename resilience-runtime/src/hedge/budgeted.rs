//! Implements [`Budgeted`], a hedge whose attribute has the option `budget`.

use std::time::Duration;

use crate::hedge::core::HedgeCore;
use crate::hedge::source::HedgeSource;
use crate::retry::budget::state::{BudgetState, Pays};

/// The settings of one call of a hedge, and the budget in the `#[hedge]` attribute. The budget must grant each attempt
/// after the first, and replaces a budget that a builder has set.
#[derive(Debug)]
pub struct Budgeted<'a, S, P>(pub S, pub &'a P);

impl<S: HedgeSource, P: Pays> HedgeSource for Budgeted<'_, S, P> {
    #[inline]
    fn after(&self) -> Duration {
        self.0.after()
    }

    #[inline]
    fn core(&self) -> &HedgeCore {
        self.0.core()
    }

    #[inline]
    fn budget(&self) -> Option<&BudgetState> {
        self.1.state()
    }

    #[inline]
    fn first_began(&mut self) {
        self.0.first_began();
    }

    #[inline]
    fn first_ended(&mut self, has_won: bool) {
        self.0.first_ended(has_won);
    }
}
