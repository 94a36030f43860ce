//! Circuits and settings that several places declare, and settings that the builders refuse.

mod debug;
mod declared;
mod invalid_settings;
mod names;
mod precedence;
mod setting_ranges;
