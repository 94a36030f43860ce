//! Tests decorated functions with many kinds of signatures and bodies. Each function must compile, and must behave like
//! the same function without attributes.
//!
//! The packages in `tests/fixtures` also compile the files of this folder, in the editions 2018 and 2021.

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
    clippy::too_many_arguments,
    clippy::unnecessary_wraps
)] // Even without attributes, the functions in these modules trigger these lints.

mod arguments;
mod async_trait_receivers;
mod attempts;
mod body;
mod conversions;
mod drops;
mod errors;
mod foreign;
mod futures;
mod generics;
mod hygiene;
mod macros;
mod nesting;
mod panics;
mod plain;
mod plain_arguments;
mod receivers;
mod rules;
mod rules_above_fallback;
mod send;
mod traits;
mod waits;
