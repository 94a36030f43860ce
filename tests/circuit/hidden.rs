//! Defines an error that hides its rejection from the layers above.

use resilience_runtime::Rejection;

/// An error that can contain a rejection, but does not implement `std::error::Error`.
#[derive(Debug)]
pub(crate) enum Hidden {
    Rejected { _by: Rejection },
    Down,
}

impl From<Rejection> for Hidden {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected { _by: rejection }
    }
}
