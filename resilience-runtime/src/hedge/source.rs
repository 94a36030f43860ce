//! Defines [`HedgeSource`], the settings and the counts that one call uses.

use std::time::Duration;

use crate::hedge::core::HedgeCore;

/// A value that returns the settings and the counts of a hedged call.
pub trait HedgeSource {
    /// Returns the time between the starts of two attempts.
    fn after(&self) -> Duration;

    /// Returns the hedge that counts the call.
    fn core(&self) -> &HedgeCore;
}
