//! Defines the error for an option with an invalid value.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// Reports an option with an invalid value, or an invalid name.
///
/// ```
/// use resilience_runtime::RetryPolicy;
///
/// let error = RetryPolicy::builder().backoff(0.5).build().unwrap_err();
/// assert_eq!(error.to_string(), "`backoff` is 0.5, but must be a finite number of at least 1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{option}` is {value}, but must be {allowed}")]
#[non_exhaustive]
pub struct ConfigError {
    option: &'static str,
    value: String,
    allowed: Cow<'static, str>,
}

impl ConfigError {
    pub(crate) fn new(option: &'static str, value: String, allowed: impl Into<Cow<'static, str>>) -> Self {
        Self { option, value, allowed: allowed.into() }
    }

    /// Creates the error for an invalid name. The error contains at most the first 100 characters of the name.
    pub(crate) fn of_name(name: &str, allowed: impl Into<Cow<'static, str>>) -> Self {
        Self::new("name", format!("{:?}", excerpt(name)), allowed)
    }

    /// Returns the name of the option.
    pub fn option(&self) -> &'static str {
        self.option
    }

    /// Returns the rejected value as text.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns a description of the allowed values, such as `a finite number of at least 1`.
    pub fn allowed(&self) -> &str {
        &self.allowed
    }
}

/// Returns the first 100 characters of a text, because an error message must stay short.
pub(crate) fn excerpt(text: &str) -> &str {
    text.char_indices().nth(100).map_or(text, |(end, _)| &text[..end])
}

#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)] // No user needs docs for this type: no public module exports the type.
pub enum Value {
    Count(u32),
    Time(Duration),
    Number(f64),
    Flag(bool),
    /// A word such as `attempts`. `Display` puts the word in double quotation marks.
    Word(&'static str),
    /// A percentile such as 95.0. `Display` shows `"p95"`.
    Percentile(f64),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            // The `Debug` output of a zero duration would be `0ns`.
            Self::Time(Duration::ZERO) => f.write_str("0s"),
            Self::Time(time) => write!(f, "{time:?}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Word(word) => write!(f, "\"{word}\""),
            Self::Percentile(percentile) => write!(f, "\"p{percentile}\""),
        }
    }
}

macro_rules! from {
    ($($type:ty => $kind:ident,)*) => {
        $(
            impl From<$type> for Value {
                fn from(value: $type) -> Self {
                    Self::$kind(value)
                }
            }
        )*
    };
}

from! {
    u32 => Count,
    Duration => Time,
    f64 => Number,
    bool => Flag,
}
