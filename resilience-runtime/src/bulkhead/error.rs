//! Defines the error of a call that a bulkhead rejected.

use std::io;

use thiserror::Error;

use crate::base::name::Name;
use crate::base::not_made::{ByBulkhead, NotMade};

/// Reports that a [`Bulkhead`](crate::Bulkhead) rejected a call, because no slot was free. An attribute also returns
/// this error if no attribute with its name sets the option `max`.
///
/// Creating or cloning this error does not allocate.
///
/// ```
/// use resilience_runtime::Bulkhead;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bulkhead = Bulkhead::builder("reports", 1).build()?;
/// let _slot = bulkhead.try_acquire()?;
/// let full = bulkhead.try_acquire().unwrap_err();
/// assert_eq!((full.name(), full.to_string().as_str()), ("reports", "bulkhead 'reports' is full"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("bulkhead '{}' {}", source.name, self.condition())]
pub struct BulkheadFullError {
    source: NotMade<ByBulkhead>,
}

impl BulkheadFullError {
    /// Creates the error. `is_complete` states whether the option `max` of the bulkhead is set.
    pub(crate) fn new(name: Name, is_complete: bool) -> Self {
        Self { source: NotMade::new(name, u64::from(!is_complete)) }
    }

    fn condition(&self) -> &'static str {
        match self.source.wait {
            0 => "is full",
            _ => "has no `max`: write it in one of the attributes with this name",
        }
    }

    /// Rebuilds the error from its source, a [`NotMade`].
    pub(crate) fn of(mark: &NotMade<ByBulkhead>) -> Self {
        Self { source: mark.clone() }
    }

    /// Returns the name of the bulkhead. Unlike the message of the error, this method does not escape special
    /// characters. If an attribute has no option `name`, its bulkhead has the name of the decorated function.
    pub fn name(&self) -> &str {
        self.source.name.as_str()
    }
}

/// Creates an `io::Error` that contains the [`BulkheadFullError`]. The kind of the `io::Error` is
/// [`ResourceBusy`](io::ErrorKind::ResourceBusy).
impl From<BulkheadFullError> for io::Error {
    fn from(full: BulkheadFullError) -> Self {
        Self::new(io::ErrorKind::ResourceBusy, full)
    }
}
