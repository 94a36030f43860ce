//! Random histories against models that are plainly right.

mod state_machine;
mod window;
