//! Tests `retry_after_header`, which parses the HTTP header `Retry-After`.

use std::time::{Duration, SystemTime};

use resilience_runtime::{RetryPolicy, retry_after_header};
use support::{Calls, seconds};

/// The time of the examples in RFC 9110: Sun, 06 Nov 1994 08:49:37 GMT.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + seconds(784_111_777)
}

const LONGEST: Duration = Duration::from_nanos(u64::MAX);

#[test]
fn number_of_digits_is_a_number_of_seconds() {
    for (value, delay) in [("120", seconds(120)), ("0", Duration::ZERO), ("007", seconds(7)), ("1", seconds(1))] {
        assert_eq!(retry_after_header(value, now()), Some(delay), "{value}");
    }
}

#[test]
fn date_of_each_format_is_a_delay() {
    for (value, delay) in [
        ("Sun, 06 Nov 1994 08:50:07 GMT", 30),
        ("Sunday, 06-Nov-94 08:50:07 GMT", 30),
        ("Sun Nov  6 08:50:07 1994", 30),
        ("Tue, 29 Feb 2000 00:00:00 GMT", 167_670_623),
        ("Sunday, 29-Nov-26 00:00:00 GMT", 1_011_798_623),
    ] {
        assert_eq!(retry_after_header(value, now()), Some(seconds(delay)), "{value}");
    }
}

#[test]
fn past_date_is_no_delay() {
    for value in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:36 GMT",
        "Saturday, 05-Nov-94 08:49:37 GMT",
        "Thu Jan  1 00:00:00 1970",
    ] {
        assert_eq!(retry_after_header(value, now()), Some(Duration::ZERO), "{value}");
    }
}

#[test]
fn delay_is_at_most_584_years() {
    let hundred = "9".repeat(100);
    for value in ["18446744073", "18446744073709551615", "18446744073709551616", &hundred] {
        let delay = retry_after_header(value, now()).unwrap();
        assert!(delay <= LONGEST && delay >= seconds(18_446_744_073), "{value}: {delay:?}");
    }
    assert_eq!(retry_after_header(&hundred, now()), Some(LONGEST));
    assert_eq!(retry_after_header("Fri, 31 Dec 9999 23:59:59 GMT", now()), Some(LONGEST));
    let end = SystemTime::UNIX_EPOCH + seconds(u64::from(u32::MAX) * 1000);
    assert_eq!(retry_after_header("Fri, 31 Dec 9999 23:59:59 GMT", end), Some(Duration::ZERO));
}

#[test]
fn white_space_around_the_value_is_ignored() {
    assert_eq!(retry_after_header(" \t120 ", now()), Some(seconds(120)));
    assert_eq!(retry_after_header("\tSun, 06 Nov 1994 08:50:07 GMT ", now()), Some(seconds(30)));
}

#[test]
fn any_other_text_is_none() {
    for value in [
        "",
        " ",
        "\t\r\n",
        "soon",
        "-1",
        "-0",
        "+1",
        "1.5",
        "1e3",
        "1 2",
        "120s",
        "0x10",
        "٣",
        "\u{a0}1",
        "１２",
        "null",
        "Sun, 06 Nov 1994 08:50:07",
        "Sun, 06 Nov 1994 08:50:07 UTC",
        "Sun, 06 Nov 1994 08:50:60 GMT",
        "Mon, 06 Nov 1994 08:50:07 GMT",
        "Thu, 30 Feb 1995 08:50:07 GMT",
        "Wed, 31 Dec 1969 23:59:59 GMT",
        "sun, 06 nov 1994 08:50:07 gmt",
        "1994-11-06T08:50:07Z",
        "Sunday, 06-Nov-1994 08:50:07 GMT",
        "Sun, ",
        "🦀",
    ] {
        assert_eq!(retry_after_header(value, now()), None, "{value:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn header_of_a_response_sets_the_pause() {
    let policy = RetryPolicy::builder()
        .max(2)
        .retry_if_ok(|(status, _): &(u16, &str)| *status == 429)
        .retry_after_ok(|(_, header)| retry_after_header(header, now()))
        .build()
        .unwrap();
    for (header, pause) in [("7", vec![0, 7]), ("Sun, 06 Nov 1994 08:50:07 GMT", vec![0, 30]), ("99999999999", vec![0])]
    {
        let calls = Calls::start();
        let answer = policy.call(|| {
            calls.note();
            async { Ok::<_, ()>((429, header)) }
        });
        assert_eq!(answer.await, Ok((429, header)));
        assert_eq!(calls.seconds(), pause, "{header}");
    }
}
