//! Tests the names, levels and fields of the `tracing` events, because the dashboards of users depend on these values.

mod circuit;
mod layers;
mod recorder;
mod registry;
mod subscriber;
mod subscriptions;
