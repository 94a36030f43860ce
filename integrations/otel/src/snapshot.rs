//! Defines [`Snapshot`], which reads all metrics once for each collection.

use std::sync::{Arc, Mutex, PoisonError};

use resilience_runtime::metrics::{Metric, MetricsReader};

/// The metrics of the newest collection. A collection asks each instrument once. Without this type, each instrument
/// would read the metrics of all layers again.
#[derive(Debug, Default)]
pub(crate) struct Snapshot(Mutex<(Arc<Vec<Metric>>, Vec<usize>)>);

impl Snapshot {
    /// Returns the metrics for the instrument with the number `instrument`. If the instrument has already received the
    /// metrics of the newest collection, a new collection begins.
    pub(crate) fn of(&self, instrument: usize) -> Arc<Vec<Metric>> {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (metrics, served) = &mut *newest;
        if served.is_empty() || served.contains(&instrument) {
            *metrics = Arc::new(MetricsReader::new().read());
            served.clear();
        }
        served.push(instrument);
        metrics.clone()
    }
}
