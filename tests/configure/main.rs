//! Tests settings that change at run time.

mod circuits;
mod layers;
mod refused;
mod slots;
mod storm;
