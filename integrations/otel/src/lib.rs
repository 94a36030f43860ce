//! Exports the metrics of `resilience-runtime` to OpenTelemetry. Also turns the events of `resilience-runtime` into
//! attributes of spans.
//!
//! - [`register_metrics`] creates observable instruments for the metrics of all layers. OpenTelemetry reads the metrics
//!   at each collection, so the metrics do not slow down a call.
//! - [`span_attributes`] returns a layer of the crate `tracing-subscriber`. This layer adds attributes to the enclosing
//!   span, for example when a circuit rejects a call or a retry repeats a call. A trace then distinguishes a rejected
//!   call from a failed call.
//!
//! OpenTelemetry has no convention for the names of these metrics and attributes. The name of a metric is derived from
//! its name for Prometheus: `resilience_circuit_calls_total` becomes `resilience.circuit.calls`. The new name has dots
//! after `resilience` and after the name of the layer, and no suffix such as `_total` or `_seconds`.
#![forbid(unsafe_code)]

mod attributes;
mod instruments;
mod names;
mod snapshot;

pub use crate::attributes::span_attributes;
pub use crate::instruments::register_metrics;

/// Runs the examples of the README as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
