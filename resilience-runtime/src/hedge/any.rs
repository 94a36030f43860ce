//! Implements [`AnyHedge`], a hedge whose options are known at run time only.

use std::time::Duration;

use crate::hedge::core::HedgeCore;
use crate::hedge::source::HedgeSource;
use crate::retry::budget::state::{BudgetState, Pays};

/// A hedge whose options are known at run time only. A builder or another attribute may have set any option.
#[derive(Debug)]
pub struct AnyHedge<'a> {
    core: &'a HedgeCore,
}

impl<'a> AnyHedge<'a> {
    /// Creates the settings of one call.
    #[inline]
    pub(super) fn new(core: &'a HedgeCore) -> Self {
        Self { core }
    }
}

impl HedgeSource for AnyHedge<'_> {
    #[inline]
    fn after(&self) -> Duration {
        self.core.after
    }

    #[inline]
    fn core(&self) -> &HedgeCore {
        self.core
    }

    #[inline]
    fn budget(&self) -> Option<&BudgetState> {
        self.core.budget.as_ref().and_then(Pays::state)
    }
}
