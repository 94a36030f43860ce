//! Serializes and deserializes [`Kept`], the state of a circuit in a snapshot.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Unexpected, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::base::clock::Stamp;
use crate::circuit::core::buckets::KeptBuckets;
use crate::circuit::core::kept::Kept;
use crate::circuit::core::last_calls::of_symbol;
use crate::circuit::core::state::CircuitState;
use crate::circuit::core::window::KeptWindow;
use crate::circuit::options::CALLS_LIMIT;
use crate::serialize::seconds::Seconds;
use crate::serialize::timestamp::Timestamp;
use crate::snapshot::fields::fields;

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { state, left, hint, draw, openings, failures, last_failure, last_success, window } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("state", state)?;
        map.serialize_entry("failures", failures)?;
        if *state == CircuitState::Open {
            map.serialize_entry("cooldown_remaining", &Seconds(*left))?;
            map.serialize_entry("openings", openings)?;
        }
        if !hint.is_zero() {
            map.serialize_entry("retry_after", &Seconds(*hint))?;
        }
        if *draw > 0 {
            map.serialize_entry("jitter_draw", draw)?;
        }
        for (name, stamp) in [("last_failure", last_failure), ("last_success", last_success)] {
            if let Some(time) = stamp.time() {
                map.serialize_entry(name, &Timestamp(time))?;
            }
        }
        if let Some(window) = window {
            map.serialize_entry("window", window)?;
        }
        map.end()
    }
}

impl Serialize for KeptWindow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Time(KeptBuckets { bucket, elapsed, counts }) => {
                map.serialize_entry("bucket", &Seconds(*bucket))?;
                map.serialize_entry("elapsed", &Seconds(*elapsed))?;
                map.serialize_entry("counts", counts)?;
            }
            Self::Calls(calls) => map.serialize_entry("calls", calls)?,
        }
        map.end()
    }
}

fields! {
    /// The fields of a circuit in a snapshot.
    Circuit, "the state of a circuit" {
        state: CircuitState,
        failures: u32,
        cooldown_remaining: Seconds,
        openings: u16,
        retry_after: Seconds,
        jitter_draw: u16,
        last_failure: Time,
        last_success: Time,
        window: KeptWindow,
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Circuit::deserialize(deserializer)?;
        let state = fields.state.ok_or_else(|| de::Error::missing_field("state"))?;
        let is_open = state == CircuitState::Open;
        let time = |seconds: Option<Seconds>| seconds.map_or(Duration::ZERO, |Seconds(time)| time);
        Ok(Self {
            // A half-open circuit is restored as an open circuit whose cooldown has ended.
            state: if state == CircuitState::HalfOpen { CircuitState::Open } else { state },
            left: if is_open { time(fields.cooldown_remaining) } else { Duration::ZERO },
            hint: time(fields.retry_after),
            draw: fields.jitter_draw.unwrap_or_default(),
            openings: fields.openings.unwrap_or_default(),
            failures: fields.failures.unwrap_or_default(),
            last_failure: fields.last_failure.map_or(Stamp::default(), |Time(stamp)| stamp),
            last_success: fields.last_success.map_or(Stamp::default(), |Time(stamp)| stamp),
            window: fields.window,
        })
    }
}

/// A wall-clock time that fits into a [`Stamp`]: from 1970 to the year 2514.
struct Time(Stamp);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Timestamp(time) = Timestamp::deserialize(deserializer)?;
        Stamp::of(time).map(Self).ok_or_else(|| de::Error::custom("a time after the year 2514"))
    }
}

fields! {
    /// The fields of a window in a snapshot.
    Window, "the window of a circuit" { bucket: Seconds, elapsed: Seconds, counts: Counts, calls: Calls, }
}

impl<'de> Deserialize<'de> for KeptWindow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Window::deserialize(deserializer)? {
            Window { calls: Some(Calls(calls)), .. } => Ok(Self::Calls(calls)),
            Window { bucket: Some(bucket), elapsed: Some(elapsed), counts: Some(Counts(counts)), .. } => {
                Ok(Self::Time(KeptBuckets { bucket: bucket.0, elapsed: elapsed.0, counts }))
            }
            Window { .. } => Err(de::Error::custom("a window needs `calls`, or `bucket`, `elapsed` and `counts`")),
        }
    }
}

/// The numbers of successes, failures and slow calls in each bucket of a time window.
struct Counts(Vec<[u64; 3]>);

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(OfBuckets)
    }
}

struct OfBuckets;

impl<'de> Visitor<'de> for OfBuckets {
    type Value = Counts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} lists of three numbers below 2^56", KeptBuckets::MOST)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Counts, A::Error> {
        let mut counts = Vec::new();
        while let Some(bucket) = seq.next_element::<[u64; 3]>()? {
            if counts.len() == KeptBuckets::MOST {
                return Err(de::Error::invalid_length(counts.len() + 1, &self));
            }
            if let Some(count) = bucket.into_iter().find(|count| *count > KeptBuckets::MOST_CALLS) {
                return Err(de::Error::invalid_value(Unexpected::Unsigned(count), &self));
            }
            counts.push(bucket);
        }
        Ok(Counts(counts))
    }
}

/// The outcomes of the calls in a window of calls, with one character for each call.
struct Calls(String);

impl<'de> Deserialize<'de> for Calls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(OfSymbols)
    }
}

struct OfSymbols;

impl Visitor<'_> for OfSymbols {
    type Value = Calls;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at most {} of the characters `.`, `F`, `s` and `S`", CALLS_LIMIT - 1)
    }

    fn visit_str<E: de::Error>(self, calls: &str) -> Result<Calls, E> {
        if calls.len() >= CALLS_LIMIT as usize {
            return Err(E::invalid_length(calls.len(), &self));
        }
        match calls.chars().find(|symbol| of_symbol(*symbol).is_none()) {
            Some(other) => Err(E::invalid_value(Unexpected::Char(other), &self)),
            None => Ok(Calls(calls.to_owned())),
        }
    }
}
