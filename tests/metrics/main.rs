//! Tests the metrics of all layers, as text and as values.

mod circuits;
mod durations;
mod facade;
mod keys;
mod layers;
mod parser;
mod texts;
