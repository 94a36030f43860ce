//! The cause why the latest attempt of a call was not made, or not finished.
#![allow(missing_docs)] // public items here are hidden in `__private`

use crate::hedge::Attempted;
use crate::timeout::timeout::TimeoutError;

/// The cause why the latest attempt of a call was not made, or not finished.
#[derive(Clone, Copy, Debug)]
pub enum Cause {
    None,
    Circuit,
    Limit,
    Deadline,
}

impl Cause {
    pub fn of_timeout(error: TimeoutError) -> Self {
        if error.by_deadline() { Self::Deadline } else { Self::None }
    }

    /// Returns whether a layer rejected the attempt.
    pub fn is_rejection(self) -> bool {
        matches!(self, Self::Circuit | Self::Limit)
    }

    pub fn is_circuit(self) -> bool {
        matches!(self, Self::Circuit)
    }

    /// Returns whether the outcome says nothing about the service.
    pub fn is_caller(self) -> bool {
        matches!(self, Self::Limit | Self::Deadline)
    }
}

impl<R: Attempted> Attempted for (R, Cause) {
    fn wins(&self) -> bool {
        self.0.wins()
    }
}
