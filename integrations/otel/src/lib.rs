//! Shows the metrics of `resilience-runtime` in OpenTelemetry, and its events as attributes of spans.
//!
//! - [`register_metrics`] creates observable instruments for the metrics of all layers. OpenTelemetry reads the metrics
//!   when it collects them, so that no call becomes slower.
//! - [`span_attributes`] returns a layer of the crate `tracing-subscriber`. The layer adds attributes to the enclosing
//!   span when a layer of `resilience-runtime` rejects, ends or repeats a call. A trace then shows a rejected call
//!   apart from a failed call.
//!
//! No convention of OpenTelemetry names these metrics and attributes. The names of the metrics are the names of the
//! texts with dots: `resilience.circuit.calls` in place of `resilience_circuit_calls_total`.
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
