//! Defines [`Context`], which each layer of the model passes to the next inner layer. A layer is an attribute or a
//! `call` method, such as `CircuitBreaker::call`. The tests compare the library with the model.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::mem::take;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::breaker::{Start, Ticket};

/// The data that a layer passes to the next inner layer for one call. A repeated attempt is any attempt of a retry or a
/// hedge after the first attempt.
#[derive(Clone, Default)]
pub(crate) struct Context {
    /// The index of the call in `Model::calls`.
    pub(crate) call: usize,
    /// The index of the current function among the nested functions of the call, from 0 for the outermost function.
    pub(crate) depth: usize,
    /// Whether the call is part of a repeated attempt.
    pub(crate) is_repeat: bool,
    /// The deadline of the caller, or `None` without a deadline.
    pub(crate) until: Option<Instant>,
    /// The circuits that have admitted this call. Each pair contains the index of a circuit, and the [`Ticket`] of the
    /// admission.
    pub(crate) outer: Vec<(usize, Ticket)>,
    /// The records of the outer retries. An outer retry is a retry of a calling function, a retry above a hedge, or a
    /// call of `RetryPolicy::call`.
    pub(crate) nested: Vec<Rc<RetryRecord>>,
    /// The records of the current function's retry attributes that are not outer retries.
    pub(crate) retries: Vec<Rc<RetryRecord>>,
    /// One cell for each circuit attribute of the current function. The cell stores the time at which the body, or a
    /// hedge inside the circuit, first waits.
    pub(crate) circuits: Vec<Start>,
}

/// The data that a retry records about its attempts. An inner retry is a retry in a called function, or below a hedge
/// of the same function.
#[derive(Default)]
pub(crate) struct RetryRecord {
    /// The number of repeated attempts of inner retries. When an inner retry succeeds, its repeated attempts are
    /// subtracted again.
    pub(crate) retries: Cell<i32>,
    /// The number of messages that circuits had left ([`Messages`](crate::breaker::Messages)) when the latest poll of
    /// the body began. The value is `None` if an inner attribute rejected the attempt before the body ran.
    pub(crate) polled: Cell<Option<usize>>,
    /// The number of repeated attempts of lower retry attributes on the same function. The topmost retry of the
    /// function counts these attempts.
    pub(crate) lower: Cell<i32>,
}

/// Awaits a future. When the future first waits, stores the current time in each empty cell of `starts`.
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
    /// Returns the context for the body of a function, or for an attempt of a hedge. Also returns the cells of the
    /// function's circuits ([`Context::circuits`]). In these cells, [`noting`] stores the time of the first wait.
    pub(crate) fn inside(mut self) -> (Self, Vec<Start>) {
        self.nested.append(&mut self.retries);
        let starts = take(&mut self.circuits);
        (self, starts)
    }

    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now()))
    }
}
