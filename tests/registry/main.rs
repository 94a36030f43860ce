//! Tests circuits whose options are set at several points of a program, and settings that the builders refuse. Also
//! tests names of circuits, and the `Debug` output of the public types.

mod debug;
mod declared;
mod invalid_settings;
mod names;
mod precedence;
mod setting_ranges;
mod unregister;
