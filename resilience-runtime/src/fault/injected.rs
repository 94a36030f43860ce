//! Defines an injected fault, and the effect of all faults on one call.

use std::time::Duration;

use crate::fault::kind::{Effect, Kind};
use crate::fault::limits::Limits;

/// An injected fault.
#[derive(Clone, Debug)]
pub(crate) struct Injected {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The limits of a fault in a running service. A fault in a test has no limits.
    pub(crate) limits: Option<Limits>,
}

/// The latency and the effect of all faults on one call.
#[derive(Debug, Default)]
pub(crate) struct Hit {
    /// The name of the function or layer for which the user injected the fault that causes `effect`. If only latency
    /// affects the call, this field contains the name for which the user injected the first latency fault.
    pub(crate) name: String,
    pub(crate) latency: Duration,
    pub(crate) effect: Option<Effect>,
    /// The `id` of the fault to which `name` belongs.
    pub(crate) id: u64,
    /// Whether the fault affects a running service instead of a test. In a running service, an injected error of a
    /// wrong type must not cause a panic.
    pub(crate) is_in_service: bool,
}
