//! How long to wait, as an error says it, is told to a circuit and to the retry above it.

use std::cell::RefCell;
use std::time::Duration;

use resilience_runtime::{CircuitOpenError, circuit, get_circuit, retry};
use tokio::time::Instant;

#[derive(Debug, PartialEq)]
enum Error {
    Busy(u64),
    Open,
}

impl From<CircuitOpenError> for Error {
    fn from(_: CircuitOpenError) -> Self {
        Self::Open
    }
}

impl Error {
    #[expect(clippy::unnecessary_wraps, reason = "what `retry_after` takes")]
    fn hint(&self) -> Option<Duration> {
        match self {
            Self::Busy(seconds) => Some(Duration::from_secs(*seconds)),
            Self::Open => unreachable!("nobody asks about a rejection"),
        }
    }
}

/// When calls began.
struct Calls(Instant, RefCell<Vec<u64>>);

impl Calls {
    fn new() -> Self {
        Self(Instant::now(), RefCell::default())
    }

    /// A call that fails and asks for so many seconds, unless it is the third.
    fn note(&self, hint: u64) -> Result<(), Error> {
        let mut calls = self.1.borrow_mut();
        calls.push(self.0.elapsed().as_secs());
        if calls.len() == 3 { Ok(()) } else { Err(Error::Busy(hint)) }
    }

    fn seconds(&self) -> Vec<u64> {
        self.1.borrow().clone()
    }
}

#[retry(delay = 1)]
#[circuit(name = "hints::closed", threshold = 9, retry_after = Error::hint)]
async fn closed(calls: &Calls, hint: u64) -> Result<(), Error> {
    calls.note(hint)
}

#[tokio::test(start_paused = true)]
async fn a_retry_waits_as_the_circuit_below_is_told() {
    for (hint, seconds) in [(7, [0, 7, 14]), (0, [0, 1, 3])] {
        let calls = Calls::new();
        assert_eq!(closed(&calls, hint).await, Ok(()));
        assert_eq!(calls.seconds(), seconds, "the longer of its own pause and {hint} s");
    }
}

#[retry]
#[circuit(name = "hints::opens", threshold = 1, cooldown = 30, retry_after = |error| match error {
    Error::Busy(seconds) => Some(Duration::from_secs(*seconds)),
    Error::Open => None,
})]
async fn opens(calls: &Calls) -> Result<(), Error> {
    calls.note(7)
}

#[tokio::test(start_paused = true)]
async fn the_attempt_after_the_pause_is_the_trial_of_the_circuit_that_opened() {
    let calls = Calls::new();
    assert_eq!(opens(&calls).await, Ok(()));
    assert_eq!(calls.seconds(), [0, 7, 14]);
    assert_eq!(get_circuit("hints::opens").unwrap().stats().total_opened, 2);
}

#[retry(max = 2, delay = 1, retry_after = |_| None)]
#[circuit(name = "hints::own", threshold = 9, retry_after = Error::hint)]
async fn has_its_own(calls: &Calls) -> Result<(), Error> {
    calls.note(7)
}

#[retry(max = 2, delay = 1)]
#[circuit(name = "hints::says_nothing", threshold = 9)]
#[circuit(name = "hints::topmost", threshold = 9, retry_after = |_| Some(Duration::from_secs(3)))]
#[circuit(name = "hints::lower", threshold = 9, retry_after = Error::hint)]
async fn above_several(calls: &Calls) -> Result<(), Error> {
    calls.note(7)
}

#[circuit(name = "hints::above", threshold = 9, retry_after = Error::hint)]
#[retry(max = 2, delay = 1)]
async fn below(calls: &Calls) -> Result<(), Error> {
    calls.note(7)
}

#[retry(max = 2, delay = 1)]
#[circuit(name = "hints::ignores", threshold = 9, failure_if = |_| false, retry_after = Error::hint)]
async fn ignored(calls: &Calls) -> Result<(), Error> {
    calls.note(7)
}

#[tokio::test(start_paused = true)]
async fn a_retry_asks_itself_first_and_then_the_topmost_circuit_below_that_can_tell() {
    let calls = Calls::new();
    let _ = has_its_own(&calls).await;
    assert_eq!(calls.seconds(), [0, 1], "its own function says nothing, and that is final");
    let calls = Calls::new();
    let _ = above_several(&calls).await;
    assert_eq!(calls.seconds(), [0, 3]);
    let calls = Calls::new();
    let _ = below(&calls).await;
    assert_eq!(calls.seconds(), [0, 1], "a circuit above is not asked");
    let calls = Calls::new();
    let _ = ignored(&calls).await;
    assert_eq!(calls.seconds(), [0, 7], "what is no failure asks for time, too");
}

#[retry(delay = 1, max_delay = 5)]
#[circuit(name = "hints::capped", threshold = 9, max_cooldown = 60, retry_after = Error::hint)]
async fn capped(calls: &Calls) -> Result<(), Error> {
    calls.note(7)
}

#[tokio::test(start_paused = true)]
async fn a_retry_gives_up_rather_than_come_back_too_early() {
    let calls = Calls::new();
    assert_eq!(capped(&calls).await, Err(Error::Busy(7)));
    assert_eq!(calls.seconds(), [0]);
}
