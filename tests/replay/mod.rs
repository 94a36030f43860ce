//! What the replays share: a call whose outcome is known beforehand.

use std::future::pending;
use std::panic::resume_unwind;
use std::time::Duration;

use resilience_runtime::{CallError, CircuitBreaker, CircuitOpenError};
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What a call comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Ok,
    Fail,
    Ignored,
    Panic,
    Cancel,
}

#[derive(Debug)]
pub(crate) struct Down;

/// A call that was admitted and has not ended yet. It runs in a task of its own, where it can panic or be aborted.
pub(crate) struct Call {
    outcome: Outcome,
    end: oneshot::Sender<()>,
    task: JoinHandle<Result<(), CallError<Down>>>,
}

impl Call {
    /// Begins a call. It counts as admitted when the function runs, whatever the breaker says.
    pub(crate) async fn start(breaker: &CircuitBreaker, outcome: Outcome) -> Result<Self, CircuitOpenError> {
        let (running, admitted) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(make(breaker.clone(), outcome, running, ended));
        if admitted.await.is_ok() {
            return Ok(Self { outcome, end, task });
        }
        match task.await {
            Ok(Err(CallError::Open(open))) => Err(open),
            other => panic!("the function did not run, but the call came to {other:?}"),
        }
    }

    /// Ends the call, and waits until the breaker knows.
    pub(crate) async fn finish(self) {
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

async fn make(
    breaker: CircuitBreaker,
    outcome: Outcome,
    running: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
) -> Result<(), CallError<Down>> {
    // To `call` every error is a failure; an outcome that is ignored takes a permit.
    if outcome == Outcome::Ignored {
        let permit = breaker.try_acquire_owned()?;
        running.send(()).expect("somebody waits");
        ended.await.expect("somebody ends the call");
        permit.ignore();
        return Err(CallError::Failed(Down));
    }
    let body = || async {
        running.send(()).expect("somebody waits");
        match (outcome, ended.await) {
            (Outcome::Ok, Ok(())) => Ok(()),
            (Outcome::Fail, Ok(())) => Err(Down),
            // A panic like any other, without the message.
            (Outcome::Panic, Ok(())) => resume_unwind(Box::new(Down)),
            // The task is aborted, or the replay ends before the call does.
            _ => pending().await,
        }
    };
    breaker.call(body).await
}

/// Whole seconds, rounded up, as a rejection shows them.
pub(crate) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}
