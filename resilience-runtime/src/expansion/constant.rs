//! Checks at compile time the user's constants in the options of an attribute.
//!
//! Each function returns the value of the constant, or panics with `message`. The compiler reports the panic as a
//! compile error at the position of the constant.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::time::Duration;

use crate::base::require::require;
use crate::circuit::options::Counting;

pub const fn any<T: Copy>(value: T, _message: &'static str) -> T {
    value
}

#[track_caller]
pub const fn count(value: u32, least: u32, most: u32, message: &'static str) -> u32 {
    require(least <= value && value <= most, message);
    value
}

#[track_caller]
pub const fn time(value: Duration, message: &'static str) -> Duration {
    require(value.as_nanos() <= u64::MAX as u128, message);
    value
}

#[track_caller]
pub const fn some_time(value: Duration, message: &'static str) -> Duration {
    require(!value.is_zero(), message);
    time(value, message)
}

#[track_caller]
pub const fn time_within(value: Duration, least: Duration, most: Duration, message: &'static str) -> Duration {
    require(least.as_nanos() <= value.as_nanos() && value.as_nanos() <= most.as_nanos(), message);
    value
}

#[track_caller]
pub const fn factor(value: f64, message: &'static str) -> f64 {
    require(1.0 <= value && value < f64::INFINITY, message);
    value
}

#[track_caller]
pub const fn rate(value: f64, message: &'static str) -> f64 {
    require(0.0 < value && value <= 1.0, message);
    value
}

#[track_caller]
pub const fn share(value: f64, message: &'static str) -> f64 {
    require(0.0 <= value && value <= 1.0, message);
    value
}

/// Checks the name of a retry, a timeout, a fallback or a hedge, and returns the name.
#[track_caller]
pub const fn text(value: &'static str, message: &'static str) -> &'static str {
    require(!value.trim_ascii().is_empty(), message);
    value
}

/// Checks the name of a circuit, a bulkhead or a rate limit, and returns the name. A name of the form `name[key]` is
/// not allowed, because each layer with a key has a name of this form. If the attribute has the option `key`, the name
/// must not contain `[`. In the name `name[key]`, the first `[` begins the key.
#[track_caller]
pub const fn name(value: &'static str, has_key: bool, message: &'static str) -> &'static str {
    let bytes = value.as_bytes();
    let (mut has_bracket, mut at) = (false, 0);
    while at < bytes.len() {
        has_bracket |= bytes[at] == b'[';
        at += 1;
    }
    let is_of_key = has_bracket && (has_key || bytes[bytes.len() - 1] == b']');
    require(!value.trim_ascii().is_empty() && !is_of_key, message);
    value
}

#[track_caller]
pub const fn counting(value: &'static str, message: &'static str) -> Counting {
    match value.as_bytes() {
        b"requests" => Counting::Requests,
        text => {
            require(matches!(text, b"attempts"), message);
            Counting::Attempts
        }
    }
}
