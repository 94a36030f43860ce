//! Serializes a time as the text that Python's `datetime.isoformat()` returns for a UTC time, such as
//! `2026-03-01T12:00:00.250000+00:00`.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};
use serde::ser::{Serialize, Serializer};

/// A time that is serialized as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamp(pub(crate) SystemTime);

const SECONDS_OF_DAY: u64 = 86_400;

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The statistics contain no time before 1970.
        let since_1970 = self.0.duration_since(UNIX_EPOCH).unwrap_or_default();
        let (year, month, day) = date(since_1970.as_secs() / SECONDS_OF_DAY);
        let second = since_1970.as_secs() % SECONDS_OF_DAY;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match since_1970.subsec_micros() {
            0 => {}
            micros => write!(f, ".{micros:06}")?,
        }
        f.write_str("+00:00")
    }
}

/// The number of days in 400 years, after which the Gregorian calendar repeats.
const DAYS_OF_ERA: u64 = 146_097;
/// The number of days from 1 March of the year 0 to 1 January 1970.
const DAYS_BEFORE_1970: u64 = 719_468;

/// Returns the year, the month and the day of the month. The algorithm is `civil_from_days` by Howard Hinnant
/// (*chrono-Compatible Low-Level Date Algorithms*). The algorithm counts each year from March, so that the leap day is
/// the last day of a year.
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    let days = days_since_1970 + DAYS_BEFORE_1970;
    let (era, day_of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (400 * era + year_of_era + next_year, month, day)
}

/// Returns the number of days since 1 January 1970, or `None` if the date is before 1970 or a number is out of range. A
/// date such as 31 February counts as a day in March. The caller therefore checks that [`date`] returns the same date.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let is_month = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let (year, month) = if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month + 9) };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * month + 2) / 5 + day.checked_sub(1)?;
    let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    is_month.then(|| (era * DAYS_OF_ERA + day_of_era).checked_sub(DAYS_BEFORE_1970)).flatten()
}

/// Parses a time in the format of `Display` for [`Timestamp`]. The fraction of a second may have one to nine digits.
fn parse(text: &str) -> Option<SystemTime> {
    let (date_text, time) = text.strip_suffix("+00:00")?.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [year, month, day] = numbers(date_text, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let days = days(year, month, day).filter(|days| date(*days) == (year, month, day))?;
    let is_digits = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|digit| digit.is_ascii_digit());
    let nanos = is_digits.then(|| format!("{fraction:0<9}").parse().ok()).flatten()?;
    let is_time = hour < 24 && minute < 60 && second < 60;
    let seconds = days * SECONDS_OF_DAY + 3600 * hour + 60 * minute + second;
    is_time.then(|| UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))).flatten()
}

/// Splits a text into three numbers. The array `digits` contains the number of digits of each number.
fn numbers(text: &str, separator: char, digits: [usize; 3]) -> Option<[u64; 3]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; 3];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part =
            parts.next().filter(|part| part.len() == digits && part.bytes().all(|digit| digit.is_ascii_digit()))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(OfText)
    }
}

struct OfText;

impl Visitor<'_> for OfText {
    type Value = Timestamp;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time such as \"2026-03-01T12:00:00+00:00\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        parse(text).map(Timestamp).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn text_of_every_day_parses_to_the_same_time() {
        let days =
            (1970..=9999).map(|year| if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 });
        for day in 0..days.sum::<u64>() {
            let time =
                UNIX_EPOCH + Duration::new(day * SECONDS_OF_DAY + day % SECONDS_OF_DAY, 1_000 * (day % 3) as u32);
            assert_eq!(parse(&Timestamp(time).to_string()), Some(time), "{}", Timestamp(time));
        }
    }
}
