//! Limits the number of concurrent calls.

mod builder;
#[expect(clippy::module_inception, reason = "the file of the type `Bulkhead`")]
pub(crate) mod bulkhead;
pub(crate) mod error;
mod size;
mod slot;

pub use crate::bulkhead::builder::BulkheadBuilder;
pub use crate::bulkhead::slot::{BulkheadSlot, OwnedBulkheadSlot};
