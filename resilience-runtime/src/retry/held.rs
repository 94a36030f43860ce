//! Defines two values that one call of a function with `#[retry]` holds: a clone of the policy from the option `with`,
//! and a reference to the budget from the option `budget`.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use crate::base::sync::Arc;
use crate::retry::budget::RetryBudget;
use crate::retry::budget::state::{BudgetState, Pays};
use crate::retry::layer::Retried;
use crate::retry::policy::RetryPolicy;
use crate::retry::rules::Rules;

/// A clone of the retry policy from the option `with`. One call of the retried function holds this clone.
#[derive(Debug)]
pub struct HeldPolicy<E: ?Sized, T: ?Sized>(RetryPolicy<E, T>);

impl<E: ?Sized, T: ?Sized> HeldPolicy<E, T> {
    pub fn new(policy: &RetryPolicy<E, T>) -> Self {
        Self(policy.clone())
    }

    #[inline]
    pub fn core(&self) -> Retried<'_> {
        self.0.retry()
    }

    #[inline]
    pub fn rules(&self) -> &Rules<E, T> {
        self.0.rules()
    }

    #[inline]
    pub fn call_began(&self) {
        self.0.call_began();
    }
}

impl<E: ?Sized, T: ?Sized> Pays for HeldPolicy<E, T> {
    #[inline]
    fn state(&self) -> Option<&BudgetState> {
        self.0.budget()
    }
}

/// A reference to the state of the budget from the option `budget`. One call of the retried function holds this
/// reference.
#[derive(Debug)]
pub struct HeldBudget(Arc<BudgetState>);

impl HeldBudget {
    pub fn new(budget: &RetryBudget) -> Self {
        Self(budget.state().clone())
    }

    #[inline]
    pub fn call_began(&self) {
        self.0.call_began();
    }
}

impl Pays for HeldBudget {
    #[inline]
    fn state(&self) -> Option<&BudgetState> {
        Some(&self.0)
    }
}
