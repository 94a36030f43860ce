//! Implements [`AnyHedge`], a hedge whose options are known at run time only.

use std::time::Duration;

use crate::base::clock::Tick;
use crate::hedge::core::HedgeCore;
use crate::hedge::source::HedgeSource;
use crate::retry::budget::state::{BudgetState, Pays};

/// One call of a hedge whose options are known at run time only, because a builder or another attribute may have set
/// them. If the hedge has a percentile, this type measures the duration of the first attempt.
#[derive(Debug)]
pub struct AnyHedge<'a> {
    core: &'a HedgeCore,
    /// The time at which the first attempt started. The field is `None` if this attempt is not running, or if the hedge
    /// has no percentile.
    began: Option<Tick>,
}

impl<'a> AnyHedge<'a> {
    #[inline]
    pub(super) fn new(core: &'a HedgeCore) -> Self {
        Self { core, began: None }
    }
}

impl HedgeSource for AnyHedge<'_> {
    #[inline]
    fn after(&self) -> Duration {
        self.core.after()
    }

    #[inline]
    fn core(&self) -> &HedgeCore {
        self.core
    }

    #[inline]
    fn budget(&self) -> Option<&BudgetState> {
        self.core.budget.as_ref().and_then(Pays::state)
    }

    #[inline]
    fn first_began(&mut self) {
        self.began = self.core.percentile.as_ref().map(|_| Tick::now());
    }

    #[inline]
    fn first_ended(&mut self, has_won: bool) {
        if self.began.is_some() {
            self.measure(has_won);
        }
    }
}

impl AnyHedge<'_> {
    /// Adds the duration of the first attempt to the measured durations. Ignores a first attempt that failed before the
    /// second attempt was due. If these failures counted, a service that refuses all calls at once would seem fast.
    fn measure(&mut self, has_won_or_is_cancelled: bool) {
        if let (Some(began), Some(percentile)) = (self.began.take(), &self.core.percentile) {
            let time = Tick::now().since(began);
            if has_won_or_is_cancelled || time >= percentile.after() {
                percentile.add(time);
            }
        }
    }
}

/// Measures the first attempt if the attempt is still running when a later attempt succeeds, or when the call is
/// dropped.
impl Drop for AnyHedge<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.began.is_some() {
            self.measure(true);
        }
    }
}
