//! Contains types and functions that the test binaries share.

#![allow(clippy::missing_errors_doc, clippy::missing_panics_doc)] // A panic fails the test.

mod clock;
mod error;
mod future;
mod replay;
mod service;

pub use clock::{paused_runtime, seconds};
pub use error::Error;
pub use future::{DropCounter, assert_send};
pub use replay::{Call, Outcome, whole_seconds};
pub use service::{Calls, Service, calls, fail};
