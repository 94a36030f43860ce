//! Converts values in a configuration file or in environment variables to the types of options.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::base::clock::LONGEST;
use crate::base::config_error::excerpt;

/// A value in a configuration file or in an environment variable, before its conversion to the type of an option.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    Integer(i128),
    Number(f64),
    Flag(bool),
    Text(String),
    /// A text that may be a number or a flag, such as the value of an environment variable.
    Word(String),
    /// A value of a type that no option has, such as an array.
    Other(&'static str),
}

/// A type that an option can have. A [`Raw`] value is converted to this type.
pub(crate) trait Setting: Sized {
    /// Converts the value. Does not check the range of the option.
    ///
    /// # Errors
    ///
    /// Returns a description of the allowed values if the value cannot be converted.
    fn read(raw: &Raw) -> Result<Self, Cow<'static, str>>;
}

/// The units of a time, in nanoseconds.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

impl Raw {
    /// Returns the value in `choices` whose name equals this text.
    pub(crate) fn choice<T: Copy, const N: usize>(&self, choices: [(&str, T); N]) -> Result<T, Cow<'static, str>> {
        let found = match self {
            Self::Text(text) | Self::Word(text) => choices.iter().find(|(name, _)| name == text),
            _ => None,
        };
        let names = || choices.map(|(name, _)| format!("\"{name}\"")).join(" or ");
        found.map(|(_, value)| *value).ok_or_else(|| names().into())
    }

    /// Converts a `Word` to a number or a flag if possible, and returns any other value unchanged.
    fn typed(&self) -> Cow<'_, Self> {
        let Self::Word(word) = self else { return Cow::Borrowed(self) };
        let integer = word.parse().map(Self::Integer).ok();
        let number = || word.parse().map(Self::Number).ok().filter(|_| word.contains(|c: char| c.is_ascii_digit()));
        let flag = || word.parse().map(Self::Flag).ok();
        integer.or_else(number).or_else(flag).map_or(Cow::Borrowed(self), Cow::Owned)
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => write!(f, "{number}"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Text(text) | Self::Word(text) => write!(f, "{:?}", excerpt(text)),
            Self::Other(kind) => f.write_str(kind),
        }
    }
}

impl Setting for u32 {
    fn read(raw: &Raw) -> Result<Self, Cow<'static, str>> {
        let count = match *raw.typed() {
            Raw::Integer(number) => u32::try_from(number).ok(),
            _ => None,
        };
        count.ok_or_else(|| format!("a whole number from 1 to {}", u32::MAX).into())
    }
}

impl Setting for f64 {
    fn read(raw: &Raw) -> Result<Self, Cow<'static, str>> {
        match *raw.typed() {
            Raw::Number(number) => Ok(number),
            #[expect(clippy::cast_precision_loss, reason = "no option needs more digits than an `f64` has")]
            Raw::Integer(number) => Ok(number as f64),
            _ => Err("a number".into()),
        }
    }
}

impl Setting for bool {
    fn read(raw: &Raw) -> Result<Self, Cow<'static, str>> {
        match *raw.typed() {
            Raw::Flag(flag) => Ok(flag),
            _ => Err("`true` or `false`".into()),
        }
    }
}

impl Setting for Duration {
    fn read(raw: &Raw) -> Result<Self, Cow<'static, str>> {
        match &*raw.typed() {
            Raw::Integer(seconds) if *seconds < 0 => Err("at least 0".into()),
            Raw::Integer(seconds) => u64::try_from(*seconds).map(Self::from_secs).map_err(|_| LONGEST.into()),
            Raw::Number(seconds) if *seconds < 0.0 => Err("at least 0".into()),
            Raw::Number(seconds) => Self::try_from_secs_f64(*seconds).map_err(|_| LONGEST.into()),
            Raw::Text(text) | Raw::Word(text) => time(text),
            _ => Err("seconds, such as 1.5, or a text such as \"250ms\"".into()),
        }
    }
}

/// Converts a text such as `250ms` to a time.
fn time(text: &str) -> Result<Duration, Cow<'static, str>> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
    let (number, unit) = (&text[..text.len() - unit.len()], unit.trim());
    let Some((_, nanos)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let names = UNITS.map(|(name, _)| format!("`{name}`")).join(", ");
        return Err(format!("a number with one of the units {names}, such as \"250ms\"").into());
    };
    // Converts whole numbers without an `f64`, because an `f64` would round a time of more than 52 days.
    if let Ok(number) = number.parse::<u64>() {
        let nanos = u128::from(number) * u128::from(*nanos);
        return u64::try_from(nanos).map(Duration::from_nanos).map_err(|_| LONGEST.into());
    }
    match number.parse::<f64>() {
        Ok(number) if number < 0.0 => Err("at least 0".into()),
        #[expect(clippy::cast_precision_loss, reason = "the factor of each unit is exact in an `f64`")]
        Ok(number) => Duration::try_from_secs_f64(number * (*nanos as f64 / 1e9)).map_err(|_| LONGEST.into()),
        Err(_) => Err("a number with a unit, such as \"250ms\"".into()),
    }
}
