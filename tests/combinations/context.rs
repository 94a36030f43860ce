//! Defines [`Context`], which each layer (an attribute or a `call` method) of the model passes to the next inner layer.
//! The model implements the layers in plain code, and the tests compare the library with the model.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::mem::take;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::breaker::{Start, Ticket};

/// The data that a layer passes to the next inner layer for one call. A repeated attempt is the second or a later
/// attempt of a retry or a hedge.
#[derive(Clone, Default)]
pub(crate) struct Context {
    /// The index of the call in `Model::calls`.
    pub(crate) call: usize,
    /// The index of the current function among the nested functions of the call, from 0 for the outermost function.
    pub(crate) depth: usize,
    /// Whether a retry or a hedge around the call is running a repeated attempt.
    pub(crate) is_repeat: bool,
    /// The time of the caller's deadline, or `None` if the caller has no deadline.
    pub(crate) until: Option<Instant>,
    /// The circuits that have admitted this call. Each pair contains the index of the circuit, and the [`Ticket`] that
    /// identifies the state of the circuit at the admission.
    pub(crate) outer: Vec<(usize, Ticket)>,
    /// The records of the outer retries. An outer retry is a retry attribute of a calling function, a retry attribute
    /// above a hedge of the current function, or a call of `RetryPolicy::call`. The record of an outer retry counts the
    /// repeated attempts of its inner retries.
    pub(crate) nested: Vec<Rc<RetryRecord>>,
    /// The records of the other retry attributes of the current function. A record describes the last poll of the
    /// function's body, or of a hedge inside the retry.
    pub(crate) retries: Vec<Rc<RetryRecord>>,
    /// One cell for each circuit attribute of the current function. The cell stores the time at which the function's
    /// body, or a hedge inside the circuit, first waits.
    pub(crate) circuits: Vec<Start>,
}

/// The data that a retry records about its attempts. An inner retry is a retry in a called function, or below a hedge
/// of the same function.
#[derive(Default)]
pub(crate) struct RetryRecord {
    /// The number of repeated attempts that inner retries have made. If a call of an inner retry succeeds, the repeated
    /// attempts of this call are subtracted.
    pub(crate) retries: Cell<i32>,
    /// The number of messages from circuits ([`Messages`](crate::breaker::Messages)) at the beginning of the last poll
    /// of the body. The value is `None` if an inner attribute rejected the attempt before the body ran.
    pub(crate) polled: Cell<Option<usize>>,
    /// The number of repeated attempts that the lower retry attributes of the same function have made. Only the first
    /// retry of [`Context::retries`] counts these attempts.
    pub(crate) lower: Cell<i32>,
}

/// Awaits a future. If the future has to wait, stores the time of its first wait in each empty cell of `starts`.
pub(crate) async fn noting<F: Future>(starts: Vec<Start>, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(move |cx| {
        let polled = future.as_mut().poll(cx);
        if polled.is_pending() {
            for start in &starts {
                start.set(start.get().or(Some(Instant::now())));
            }
        }
        polled
    })
    .await
}

impl Context {
    /// Returns the context for the body of a function, or for an attempt of a hedge. Also returns the cells of
    /// `circuits`, in which the caller stores the time of the first wait.
    pub(crate) fn inside(mut self) -> (Self, Vec<Start>) {
        self.nested.append(&mut self.retries);
        let starts = take(&mut self.circuits);
        (self, starts)
    }

    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now()))
    }
}
