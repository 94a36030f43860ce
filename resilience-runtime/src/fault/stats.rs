//! Defines the statistics of the faults in a running service.

use std::collections::BTreeMap;

use crate::fault::kind::Kind;

/// Contains the statistics of the faults that [`chaos`](crate::chaos) injects. [`get_stats`](crate::get_stats) returns
/// these statistics in the field `chaos`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChaosStats {
    /// Whether at least one injected fault had not yet ended when the statistics were read.
    pub is_armed: bool,
    /// Numbers of calls with a fault. Each key is a name that [`inject`](crate::chaos::Armed::inject) received.
    pub faults: BTreeMap<String, FaultStats>,
}

/// Contains the numbers of calls with a fault, counted separately for each kind of fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FaultStats {
    /// Total number of injected errors.
    pub total_errors: u64,
    /// Total number of calls with injected latency.
    pub total_latencies: u64,
    /// Total number of injected hangs.
    pub total_hangs: u64,
    /// Total number of injected panics.
    pub total_panics: u64,
}

impl FaultStats {
    pub(crate) fn count(&mut self, kind: &Kind) {
        match kind {
            Kind::Latency(_) => self.total_latencies += 1,
            Kind::Hang => self.total_hangs += 1,
            Kind::Panic => self.total_panics += 1,
            Kind::Error(_) => self.total_errors += 1,
            // Does not count faults of the module `testing`.
            #[cfg(feature = "test-util")]
            Kind::Next(..) | Kind::Script(..) => {}
        }
    }
}
