//! Tests scripts of faults. A script contains one word for each call.

use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use resilience_runtime::{circuit, testing, timeout};
use testing::{fail_next, latency, script};
use tokio::time::Instant;

use super::{SECOND, panic_of, timed_out};

#[timeout(10, name = "scripts_time")]
async fn ask() -> io::Result<u32> {
    Ok(7)
}

#[circuit(name = "scripts_plain", threshold = 100)]
fn plain() -> io::Result<u32> {
    Ok(7)
}

fn down() -> io::Error {
    io::Error::other("down")
}

/// Makes a call. Returns the duration of the call, and the text of its error.
async fn call() -> (Duration, Option<String>) {
    let begin = Instant::now();
    let error = ask().await.err().map(|error| error.to_string());
    (begin.elapsed(), error)
}

#[resilience_runtime::test]
async fn each_word_concerns_one_call() {
    let _script = script("scripts_time", "ok err err hang 250ms panic ok 2s", down);
    let (zero, down) = (Duration::ZERO, || Some("down".to_owned()));
    assert_eq!(call().await, (zero, None));
    assert_eq!(call().await, (zero, down()));
    assert_eq!(call().await, (zero, down()));
    assert_eq!(call().await.0, 10 * SECOND, "the timeout ends the call that hangs");
    assert_eq!(call().await, (SECOND / 4, None));
    let message = panic_of(|| drop(ask().now_or_never()));
    assert_eq!(message, "the fault `panic` for `scripts_time`, in `testing::scripts::ask`");
    assert_eq!(call().await, (zero, None));
    assert_eq!(call().await, (2 * SECOND, None));
    for _ in 0..3 {
        assert_eq!(call().await, (zero, None));
    }
}

#[resilience_runtime::test]
async fn script_of_plain_function_is_followed() {
    let _script = script("scripts_plain", "ok err 1ms panic hang", down);
    assert!(plain().is_ok() && plain().is_err() && plain().is_ok());
    assert_eq!(panic_of(|| drop(plain())), "the fault `panic` for `scripts_plain`, in `testing::scripts::plain`");
    assert!(panic_of(|| drop(plain())).starts_with("the fault `hang` for `scripts_plain` needs an async function"));
    plain().unwrap();
}

#[resilience_runtime::test]
async fn script_ends_with_its_guard() {
    let guard = script("scripts_time", "err err err", down);
    assert!(call().await.1.is_some());
    drop(guard);
    assert!(call().await.1.is_none());
    drop(script("scripts_time", "err", down));
    assert!(call().await.1.is_none());
}

#[resilience_runtime::test]
async fn scripts_and_errors_follow_each_other() {
    fail_next("scripts_time", 1, timed_out);
    let _script = script("scripts_time", "ok err", down);
    fail_next("scripts_time", 1, || io::Error::other("last"));
    let _slow = latency("scripts_time", SECOND);
    let expected = [Some("timed out"), None, Some("down"), Some("last"), None];
    for error in expected {
        assert_eq!(call().await, (SECOND, error.map(str::to_owned)));
    }
}

#[resilience_runtime::test]
async fn unknown_word_is_told_with_its_place() {
    for (words, message) in [
        (
            "ok err errr ok",
            "`errr` is unknown, at word 3 (column 8): write `ok`, `err`, `hang`, `panic`, or a time such as `250ms`",
        ),
        (
            "ok 250",
            "`250` is unknown, at word 2 (column 4): write `ok`, `err`, `hang`, `panic`, or a time such as `250ms`",
        ),
        ("OK", "`OK` is unknown, at word 1 (column 1): write `ok`, `err`, `hang`, `panic`, or a time such as `250ms`"),
        (
            "ok, err",
            "`ok,` is unknown, at word 1 (column 1): write `ok`, `err`, `hang`, `panic`, or a time such as `250ms`",
        ),
        (" \n ", "no word: write `ok`, `err`, `hang`, `panic`, or a time such as `250ms`"),
    ] {
        let told = panic_of(|| drop(script("scripts_time", words, down)));
        assert_eq!(told, format!("the script for `scripts_time` is wrong: {message}"));
    }
    // The wrong scripts inject no fault.
    assert_eq!(call().await, (Duration::ZERO, None));
}

#[resilience_runtime::test]
async fn script_with_another_error_type_panics_at_the_error() {
    let _script = script("scripts_time", "ok err", || 7_u8);
    assert!(call().await.1.is_none());
    let message = panic_of(|| drop(ask().now_or_never()));
    assert!(message.contains("makes errors of the type `u8`, but `testing::scripts::ask` returns"), "{message}");
}
