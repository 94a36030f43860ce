use std::future::pending;
use std::panic::resume_unwind;
use std::time::Duration;

use resilience_runtime::{CallError, CircuitBreaker, CircuitOpenError, Rejection};
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The way in which a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The call returns a value.
    Ok,
    /// The call returns an error that the circuit counts as a failure.
    Fail,
    /// The call returns an error that the circuit ignores.
    Ignored,
    /// The call panics.
    Panic,
    /// The call is dropped before its end.
    Cancel,
}

#[derive(Debug)]
struct Down;

/// A running call that the breaker has admitted. The call may panic or be aborted, so it runs in a task of its own.
#[derive(Debug)]
pub struct Call {
    outcome: Outcome,
    end: oneshot::Sender<()>,
    task: JoinHandle<Result<(), CallError<Down>>>,
}

impl Call {
    /// Starts a call, and waits until the breaker has admitted or rejected the call.
    pub async fn start(breaker: &CircuitBreaker, outcome: Outcome) -> Result<Self, CircuitOpenError> {
        let (running, admitted) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(run(breaker.clone(), outcome, running, ended));
        if admitted.await.is_ok() {
            return Ok(Self { outcome, end, task });
        }
        match task.await {
            Ok(Err(CallError::Rejected(Rejection::Circuit(open)))) => Err(open),
            other => panic!("the function did not run, but the call came to {other:?}"),
        }
    }

    /// Ends the call, and waits until the breaker has counted the call.
    pub async fn finish(self) {
        if self.outcome == Outcome::Cancel {
            self.task.abort();
        } else {
            self.end.send(()).expect("the call runs");
        }
        match (self.outcome, self.task.await) {
            (Outcome::Ok, Ok(Ok(()))) | (Outcome::Fail | Outcome::Ignored, Ok(Err(CallError::Failed(Down)))) => {}
            (Outcome::Panic, Err(end)) if end.is_panic() => {}
            (Outcome::Cancel, Err(end)) if end.is_cancelled() => {}
            (outcome, end) => panic!("{outcome:?} came back as {end:?}"),
        }
    }
}

async fn run(
    breaker: CircuitBreaker,
    outcome: Outcome,
    running: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
) -> Result<(), CallError<Down>> {
    // `CircuitBreaker::call` counts every error as a failure. An ignored call therefore uses a permit, which has a
    // method `ignore`.
    if outcome == Outcome::Ignored {
        let permit = breaker.try_acquire_owned()?;
        running.send(()).expect("the replay waits");
        ended.await.expect("the replay ends the call");
        permit.ignore();
        return Err(CallError::Failed(Down));
    }
    let body = || async {
        running.send(()).expect("the replay waits");
        match (outcome, ended.await) {
            (Outcome::Ok, Ok(())) => Ok(()),
            (Outcome::Fail, Ok(())) => Err(Down),
            // Uses `resume_unwind`, because `panic!` would print a message.
            (Outcome::Panic, Ok(())) => resume_unwind(Box::new(Down)),
            // The test drops or aborts this call.
            _ => pending().await,
        }
    };
    breaker.call(body).await
}

/// Rounds a duration up to whole seconds, as in the text "Retry in 30s" of a rejection.
pub fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
