//! Implements [`Evaluated`], a hedge whose option `after` is an expression that each call evaluates.

use std::time::Duration;

use crate::hedge::core::HedgeCore;
use crate::hedge::hedge::Hedge;
use crate::hedge::source::HedgeSource;

/// A hedge, and the value of the expression in the option `after` for one call.
#[derive(Debug)]
pub struct Evaluated<'a>(pub Duration, pub &'a Hedge);

impl HedgeSource for Evaluated<'_> {
    #[inline]
    fn after(&self) -> Duration {
        self.0
    }

    #[inline]
    fn core(&self) -> &HedgeCore {
        &self.1.0
    }
}
