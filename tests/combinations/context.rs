//! Defines [`Context`], the data that each layer of the model passes to the layers below it. The model is a simple
//! implementation of the layers, with which the tests compare the library.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::mem::take;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::breaker::{Start, Ticket};

/// The data that each layer of the model passes to the layers below it.
#[derive(Clone, Default)]
pub(crate) struct Context {
    /// The index of the call in `Model::calls`.
    pub(crate) call: usize,
    /// The index of the current function in the list of the functions of the call. The outermost function has the index
    /// 0.
    pub(crate) depth: usize,
    /// Whether this is the second or a later attempt of a retry or a hedge above.
    pub(crate) is_repeat: bool,
    /// The caller's deadline.
    pub(crate) until: Option<Instant>,
    /// The circuits that have admitted this call: the index of each circuit, and the ticket that the call received.
    pub(crate) outer: Vec<(usize, Ticket)>,
    /// The records of the outer retries. Each record counts the retries by all layers below. An outer retry is on a
    /// calling function, or comes from a `call` method.
    pub(crate) nested: Vec<Rc<Inside>>,
    /// The records of the retry attributes on the same function. These retries observe only the body, or the attempts
    /// of a hedge above the body.
    pub(crate) retries: Vec<Rc<Inside>>,
    /// The start times of the circuit attributes on the same function. These circuits observe only the body, or the
    /// attempts of a hedge above the body.
    pub(crate) circuits: Vec<Start>,
}

/// The record that a retry keeps about its attempts.
#[derive(Default)]
pub(crate) struct Inside {
    /// The number of retries by layers inside the attempts, without the retries of calls that succeeded.
    pub(crate) retries: Cell<i32>,
    /// Whether the body of the current attempt has ended. The value is `false` if a layer rejected the attempt before
    /// its body ran.
    pub(crate) has_ended: Cell<bool>,
}

/// Awaits a future. If the future must wait, stores the time of its first wait in each of `starts`.
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
    /// Returns the context inside the body of a function, or inside an attempt of a hedge. Also returns the start times
    /// that the body or the attempts must set.
    pub(crate) fn inside(mut self) -> (Self, Vec<Start>) {
        self.nested.append(&mut self.retries);
        let starts = take(&mut self.circuits);
        (self, starts)
    }

    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now()))
    }
}
