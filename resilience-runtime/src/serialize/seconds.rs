//! Serializes a duration as a number of seconds: whole seconds as an integer, and other durations as a decimal. The
//! Python breaker in the original specification of this project uses the same format.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::base::clock::fits;

/// A duration that is serialized as a number of seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seconds(pub(crate) Duration);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(time) = *self;
        if time.subsec_nanos() == 0 {
            serializer.serialize_u64(time.as_secs())
        } else {
            serializer.serialize_f64(decimal(time))
        }
    }
}

/// Returns the `f64` that is nearest to the number of seconds. `Duration::as_secs_f64` rounds twice, and would add
/// unnecessary digits to some serialized numbers.
fn decimal(time: Duration) -> f64 {
    format!("{}.{:09}", time.as_secs(), time.subsec_nanos()).parse().unwrap_or(time.as_secs_f64())
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfNumber)
    }
}

struct OfNumber;

impl Visitor<'_> for OfNumber {
    type Value = Seconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds, from 0 to 584 years")
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Seconds, E> {
        let time = Some(Duration::from_secs(seconds)).filter(|time| fits(*time));
        time.map(Seconds).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(seconds), &self))
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Seconds, E> {
        match u64::try_from(seconds) {
            Ok(seconds) => self.visit_u64(seconds),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(seconds), &self)),
        }
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Seconds, E> {
        // `try_from_secs_f64` refuses NaN, infinite numbers and negative numbers. The nearest `f64` of the longest time
        // is longer than this time, so the comparison is between two `f64`.
        let longest = Duration::from_nanos(u64::MAX);
        let time = Duration::try_from_secs_f64(seconds).ok().filter(|_| seconds <= decimal(longest));
        time.map(|time| Seconds(time.min(longest))).ok_or_else(|| E::invalid_value(Unexpected::Float(seconds), &self))
    }
}
