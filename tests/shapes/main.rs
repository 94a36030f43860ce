//! The shapes of functions that users have, a theme a file: each compiles, and does what the bare one does.
//!
//! `tests/fixtures` compiles the same files as other editions.

#![allow(
    clippy::arc_with_non_send_sync,
    clippy::cast_possible_truncation,
    clippy::elidable_lifetime_names,
    clippy::manual_async_fn,
    clippy::mixed_attributes_style,
    clippy::needless_arbitrary_self_type,
    clippy::needless_pass_by_value,
    clippy::needless_return,
    clippy::similar_names,
    clippy::too_many_arguments
)] // some users' functions are like that, and what clippy says of them bare is not the matter here

mod arguments;
mod attempts;
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
