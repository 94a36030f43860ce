//! `retry_after` of a circuit: the hint of an error reaches the retry above the circuit.

use std::time::Duration;

use resilience_runtime::{circuit, get_circuit, retry};
use support::{Calls, Error, seconds};

#[expect(clippy::unnecessary_wraps, reason = "`retry_after` takes an option")]
fn hint_of(error: &Error) -> Option<Duration> {
    match error {
        Error::Busy(time) => Some(*time),
        error => unreachable!("`retry_after` receives no rejection: {error}"),
    }
}

/// Records a call; calls before the third one fail, and ask for a delay of `hint` seconds.
fn ask(calls: &Calls, hint: u64) -> Result<(), Error> {
    if calls.note() == 3 { Ok(()) } else { Err(Error::Busy(seconds(hint))) }
}

#[retry(delay = 1)]
#[circuit(name = "retry_after::closed", threshold = 9, retry_after = hint_of)]
async fn closed(calls: &Calls, hint: u64) -> Result<(), Error> {
    ask(calls, hint)
}

#[tokio::test(start_paused = true)]
async fn retry_pause_respects_hint_of_circuit_below() {
    for (hint, seconds) in [(7, [0, 7, 14]), (0, [0, 1, 3])] {
        let calls = Calls::start();
        assert_eq!(closed(&calls, hint).await, Ok(()));
        assert_eq!(calls.seconds(), seconds, "the longer of its own pause and {hint} s");
    }
}

#[retry]
#[circuit(name = "retry_after::opens", threshold = 1, cooldown = 30, retry_after = |error| match error {
    Error::Busy(time) => Some(*time),
    _ => None,
})]
async fn opens(calls: &Calls) -> Result<(), Error> {
    ask(calls, 7)
}

#[tokio::test(start_paused = true)]
async fn attempt_after_hinted_pause_is_the_trial() {
    let calls = Calls::start();
    assert_eq!(opens(&calls).await, Ok(()));
    assert_eq!(calls.seconds(), [0, 7, 14]);
    assert_eq!(get_circuit("retry_after::opens").unwrap().stats().total_opened, 2);
}

#[retry(max = 2, delay = 1, retry_after = |_| None)]
#[circuit(name = "retry_after::own", threshold = 9, retry_after = hint_of)]
async fn has_its_own(calls: &Calls) -> Result<(), Error> {
    ask(calls, 7)
}

#[retry(max = 2, delay = 1)]
#[circuit(name = "retry_after::says_nothing", threshold = 9)]
#[circuit(name = "retry_after::topmost", threshold = 9, retry_after = |_| Some(seconds(3)))]
#[circuit(name = "retry_after::lower", threshold = 9, retry_after = hint_of)]
async fn above_several(calls: &Calls) -> Result<(), Error> {
    ask(calls, 7)
}

#[circuit(name = "retry_after::above", threshold = 9, retry_after = hint_of)]
#[retry(max = 2, delay = 1)]
async fn below(calls: &Calls) -> Result<(), Error> {
    ask(calls, 7)
}

#[retry(max = 2, delay = 1)]
#[circuit(name = "retry_after::ignores", threshold = 9, failure_if = |_| false, retry_after = hint_of)]
async fn ignored(calls: &Calls) -> Result<(), Error> {
    ask(calls, 7)
}

#[tokio::test(start_paused = true)]
async fn own_retry_after_precedes_topmost_circuit_below() {
    let calls = Calls::start();
    let _ = has_its_own(&calls).await;
    assert_eq!(calls.seconds(), [0, 1], "its own function returns no hint, and the circuit is not asked");
    let calls = Calls::start();
    let _ = above_several(&calls).await;
    assert_eq!(calls.seconds(), [0, 3]);
    let calls = Calls::start();
    let _ = below(&calls).await;
    assert_eq!(calls.seconds(), [0, 1], "a circuit above is not asked");
    let calls = Calls::start();
    let _ = ignored(&calls).await;
    assert_eq!(calls.seconds(), [0, 7], "the hint of an ignored error counts, too");
}

#[retry(delay = 1, max_delay = 5)]
#[circuit(name = "retry_after::capped", threshold = 9, max_cooldown = 60, retry_after = hint_of)]
async fn capped(calls: &Calls) -> Result<(), Error> {
    ask(calls, 7)
}

#[tokio::test(start_paused = true)]
async fn retry_ends_when_circuit_hint_exceeds_max_delay() {
    let calls = Calls::start();
    assert_eq!(capped(&calls).await, Err(Error::Busy(seconds(7))));
    assert_eq!(calls.seconds(), [0]);
}
