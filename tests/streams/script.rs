//! Defines a stream whose polls return the steps of a script.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use futures_util::Stream;
use resilience_runtime::Bulkhead;
use support::Error;

/// The result of one poll of a [`Script`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    Pending,
    Item(u16),
    Down,
    NotFound,
    /// An error that contains a rejection by a bulkhead.
    Rejected,
    Panic,
    End,
}

/// A stream that returns the next step of the script from each poll. After the last step, the stream stays pending.
#[derive(Debug)]
pub(crate) struct Script(VecDeque<Step>);

impl Script {
    pub(crate) fn new(steps: &[Step]) -> Self {
        Self(steps.iter().copied().collect())
    }
}

pub(crate) fn rejected() -> Error {
    let bulkhead = Bulkhead::builder("script", 1).build().unwrap();
    let _slot = bulkhead.try_acquire().unwrap();
    bulkhead.try_acquire().unwrap_err().into()
}

impl Stream for Script {
    type Item = Result<u16, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(match self.0.pop_front() {
            None | Some(Step::Pending) => return Poll::Pending,
            Some(Step::Item(value)) => Some(Ok(value)),
            Some(Step::Down) => Some(Err(Error::Down)),
            Some(Step::NotFound) => Some(Err(Error::Status(404))),
            Some(Step::Rejected) => Some(Err(rejected())),
            Some(Step::Panic) => resume_unwind(Box::new("script")),
            Some(Step::End) => None,
        })
    }
}

pub(crate) fn poll<S: Stream + ?Sized>(stream: Pin<&mut S>) -> Poll<Option<S::Item>> {
    stream.poll_next(&mut Context::from_waker(Waker::noop()))
}
