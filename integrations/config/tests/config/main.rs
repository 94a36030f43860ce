//! Tests that programs can read settings with the crates `config` and `figment`, from a file and from the environment.
//! Cargo builds these tests only with the feature `real-crates`.

mod guide;
mod layers;
mod mistakes;
mod names;
mod read;
mod values;
