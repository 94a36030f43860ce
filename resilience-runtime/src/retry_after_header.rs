//! Implements [`retry_after_header`], which parses the value of the HTTP header `Retry-After`.

use std::time::{Duration, SystemTime};

/// The longest time that the options of this crate accept: 584 years.
const LONGEST: Duration = Duration::from_nanos(u64::MAX);

/// Parses the value of the HTTP header `Retry-After` (RFC 9110, 10.2.3): a number of seconds, or an HTTP date. Returns
/// the delay from `now`, or `None` for any other value. `now` is usually [`SystemTime::now()`].
///
/// A function for the option `retry_after` or `retry_after_ok` of a circuit or a retry can return this delay.
///
/// | value | result |
/// |---|---|
/// | a number of seconds, which consists of digits only, such as `120` | this number of seconds |
/// | an HTTP date in the future | the time from `now` to this date |
/// | `0`, or a date that is not later than `now` | `Some(Duration::ZERO)` |
/// | a number or a date beyond 584 years, such as a number of 100 digits | 584 years, the longest time that this crate accepts |
/// | a negative number, a number with a sign, a fraction or a unit, an empty text, any other text | `None` |
///
/// The function ignores white space around the value. The function accepts the three date formats of RFC 9110:
///
/// | format | example |
/// |---|---|
/// | IMF-fixdate, which a service must send | `Sun, 06 Nov 1994 08:49:37 GMT` |
/// | RFC 850, obsolete | `Sunday, 06-Nov-94 08:49:37 GMT` |
/// | asctime, obsolete | `Sun Nov  6 08:49:37 1994` |
///
/// The year of an RFC 850 date has two digits. The digits 70 to 99 mean the years 1970 to 1999, and the digits 00 to 69
/// mean the years 2000 to 2069. The function returns `None` for a date that does not exist, and for a wrong day of the
/// week. It also returns `None` for a leap second (the second 60), and for a year before 1970.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use resilience_runtime::{retry, retry_after_header};
///
/// struct Response { status: u16, retry_after: String }
///
/// #[retry(
///     retry_if_ok = |response| matches!(response.status, 429 | 503),
///     retry_after_ok = |response| retry_after_header(&response.retry_after, SystemTime::now()),
/// )]
/// async fn ask() -> std::io::Result<Response> {
///     Ok(Response { status: 200, retry_after: String::new() })
/// }
///
/// let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
/// assert_eq!(retry_after_header("120", now), Some(Duration::from_secs(120)));
/// assert_eq!(retry_after_header("Sun, 06 Nov 1994 08:50:07 GMT", now), Some(Duration::from_secs(30)));
/// assert_eq!(retry_after_header("soon", now), None);
/// ```
#[must_use]
pub fn retry_after_header(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim_ascii();
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let delay = if is_number {
        // A text of digits fails to parse only if the number exceeds `u64::MAX`.
        Duration::from_secs(value.parse().unwrap_or(u64::MAX))
    } else {
        httpdate::parse_http_date(value).ok()?.duration_since(now).unwrap_or_default()
    };
    Some(delay.min(LONGEST))
}
