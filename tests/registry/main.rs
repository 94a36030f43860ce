//! Tests circuits and options that several places of a program declare, and settings that the builders refuse. Also
//! tests names of circuits, and the `Debug` output of the public types.

mod debug;
mod declared;
mod invalid_settings;
mod names;
mod precedence;
mod setting_ranges;
mod unregister;
