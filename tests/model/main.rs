//! Random histories, compared with models that are obviously correct.

mod state_machine;
mod window;
