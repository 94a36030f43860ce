//! Adds the metrics of `resilience-runtime` to OpenTelemetry, and the events of `resilience-runtime` to spans, as
//! attributes.
//!
//! - [`register_metrics`] creates observable instruments for the metrics of all layers. OpenTelemetry reads the metrics
//!   at each collection, so the metrics do not slow down a call.
//! - [`span_attributes`] returns a layer of the crate `tracing-subscriber`. The layer adds attributes to the enclosing
//!   span when a layer of `resilience-runtime` rejects, ends or repeats a call. A trace then distinguishes a rejected
//!   call from a failed call.
//!
//! OpenTelemetry has no convention for the names of these metrics and attributes. The name of a metric is derived from
//! its name for Prometheus: `resilience_circuit_calls_total` becomes `resilience.circuit.calls`. The new name has dots
//! after the library and after the layer, and has no suffix such as `_total` or `_seconds`.
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
