//! Tests the `tracing` events: their names, levels and fields, on which dashboards depend.

mod circuit;
mod layers;
mod recorder;
mod registry;
mod subscriber;
