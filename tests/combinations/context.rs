//! The facts that the model hands to the layers below.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::mem::take;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::breaker::{Start, Ticket};

/// The facts that a call hands to the layers below.
#[derive(Clone, Default)]
pub(crate) struct Context {
    pub(crate) call: usize,
    pub(crate) depth: usize,
    pub(crate) until: Option<Instant>,
    /// The circuits around the call, and the tickets of their calls.
    pub(crate) outer: Vec<(usize, Ticket)>,
    /// The counts of the retries above that include the retries of a call here.
    pub(crate) nested: Vec<Rc<Inside>>,
    /// The retries and circuits of the same function, which see the body only, or the attempts of a hedge.
    pub(crate) retries: Vec<Rc<Inside>>,
    pub(crate) circuits: Vec<Start>,
}

/// The events inside the body of a retry.
#[derive(Default)]
pub(crate) struct Inside {
    /// The retries, without those of calls that succeeded.
    pub(crate) retries: Cell<i32>,
    /// Whether the body of the current attempt has ended. A layer may have rejected the attempt.
    pub(crate) has_ended: Cell<bool>,
}

/// Notes the time at which a future first waits.
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
    /// Enters the body of a function, or an attempt of a hedge. Returns the circuits that see it.
    pub(crate) fn inside(mut self) -> (Self, Vec<Start>) {
        self.nested.append(&mut self.retries);
        let starts = take(&mut self.circuits);
        (self, starts)
    }

    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now()))
    }
}
