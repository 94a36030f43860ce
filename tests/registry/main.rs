//! Tests circuits and options that several places of a program declare, and settings that the builders refuse.

mod debug;
mod declared;
mod invalid_settings;
mod names;
mod precedence;
mod setting_ranges;
