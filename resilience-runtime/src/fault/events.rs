//! Emits the events about faults that were injected into a running service. A fault in a test emits no event.

use crate::events::{self, event};
use crate::fault::injected::{Hit, Injected};

/// Emits a warning that a fault is active in a running service.
pub(crate) fn armed(fault: &Injected) {
    let Some(limits) = fault.limits else { return };
    let (name, fault) = (&*fault.name, fault.kind.word());
    event!(warn, "chaos_armed", name, fault, rate = limits.rate(), remaining = limits.remaining().as_secs());
}

/// Emits a warning that a fault has ended.
pub(crate) fn disarmed(fault: &Injected, reason: &str) {
    if fault.limits.is_some() {
        let (name, fault) = (&*fault.name, fault.kind.word());
        event!(warn, "chaos_disarmed", name, fault, reason);
    }
}

/// Emits an event for a call that a fault affects.
pub(crate) fn injected(hit: &Hit, func: &str) {
    if hit.is_in_service && events::debug_wanted() {
        let latency = hit.latency.as_secs_f64();
        let fault = hit.effect.as_ref().map_or("latency", |effect| effect.word());
        event!(debug, "fault_injected", name = &*hit.name, func, fault, latency);
    }
}

/// Emits a warning that a fault was removed. The function `func` cannot have this fault, for example because the
/// injected error has a wrong type.
#[cold]
pub(crate) fn refused(hit: &Hit, func: &str, made: &str, wanted: Option<&str>) {
    event!(warn, "chaos_refused", name = &*hit.name, func, made, wanted);
}
