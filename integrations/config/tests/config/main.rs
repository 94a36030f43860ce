//! Tests that programs can read settings with the crates `config` and `figment`, from a file and from the environment.
//! The feature `real-crates` builds these tests.

mod guide;
mod layers;
mod mistakes;
mod names;
mod read;
mod values;
