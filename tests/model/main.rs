//! Compares circuit breakers with simple models. The inputs are random sequences of calls and other operations.

mod state_machine;
mod window;
