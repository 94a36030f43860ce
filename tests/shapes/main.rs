//! The shapes of functions that users have, a theme a file: each compiles, and does what the bare one does.
//!
//! `tests/fixtures` compiles the same files as other editions.

mod arguments;
mod body;
mod drops;
mod errors;
mod foreign;
mod futures;
mod generics;
mod hygiene;
mod macros;
mod nesting;
mod panics;
mod receivers;
mod send;
mod traits;
