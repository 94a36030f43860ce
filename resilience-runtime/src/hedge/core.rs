//! Defines [`HedgeCore`], the settings and the counts of a hedge.

use std::time::Duration;

use crate::base::sync::AtomicU64;

/// The settings and the counts of a hedge.
#[derive(Debug)]
#[allow(missing_docs)] // no docs needed: only the hidden module `__private` exports this type
pub struct HedgeCore {
    /// The time between the starts of two attempts, or [`Duration::MAX`] if no attribute with this name sets the time.
    pub(super) after: Duration,
    pub(super) max: u32,
    pub(super) begun: AtomicU64,
    pub(super) won_by_hedge: AtomicU64,
}
