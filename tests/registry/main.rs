//! Tests the names of circuits, options that are set at several points of a program, and invalid settings. Also tests
//! the `Debug` output of the public types.

mod debug;
mod declared;
mod invalid_settings;
mod names;
mod precedence;
mod setting_ranges;
mod unregister;
