//! Defines the statistics of the faults in a running service.

use std::collections::BTreeMap;

use crate::fault::kind::Kind;

/// Contains the statistics of the faults that [`chaos`](crate::chaos) injects. [`get_stats`](crate::get_stats) returns
/// these statistics in the field `chaos`.
///
/// ```
/// use resilience_runtime::chaos::{self, Fault};
/// use resilience_runtime::circuit;
/// use resilience_runtime::get_stats;
///
/// #[circuit(name = "chaos_stats_example")]
/// async fn ask() -> std::io::Result<u32> {
///     Ok(7)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let armed = chaos::arm();
/// let _outage = armed.inject("chaos_stats_example", 1.0, Fault::error(|| std::io::Error::other("chaos")))?;
/// assert!(ask().await.is_err());
/// let stats = get_stats().chaos;
/// assert!(stats.is_armed);
/// assert_eq!(stats.faults["chaos_stats_example"].total_errors, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChaosStats {
    /// Whether at least one injected fault had not yet ended when the statistics were read.
    pub is_armed: bool,
    /// Numbers of calls with a fault. Each key is a name that [`inject`](crate::chaos::Armed::inject) received.
    pub faults: BTreeMap<String, FaultStats>,
}

/// Contains the numbers of calls with a fault, counted separately for each kind of fault.
///
/// ```
/// use resilience_runtime::chaos::FaultStats;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let stats = FaultStats::default();
/// assert_eq!((stats.total_errors, stats.total_latencies, stats.total_hangs, stats.total_panics), (0, 0, 0, 0));
/// # Ok(())
/// # }
/// ```
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
