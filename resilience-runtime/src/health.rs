//! Reports the health of a program from the states of its circuits.

#[expect(clippy::module_inception, reason = "the file of the function `health`")]
pub(crate) mod health;
pub(crate) mod rules;
#[cfg(feature = "serde")]
mod serialize;
