//! Compares circuit breakers with simple models, in random sequences of calls and other operations.

mod state_machine;
mod window;
