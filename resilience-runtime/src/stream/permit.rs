//! Defines [`WatchedPermit`], which counts a stream as one call of a circuit.

use std::fmt;
use std::fmt::Display;
use std::mem;
use std::task::Poll;
use std::time::Duration;

use crate::base::noted::{Changes, Failed, noted};
use crate::circuit::permit::OwnedPermit;
use crate::expansion::cause::Cause;
use crate::stream::judge::{AnyItem, Decision, Judge};
use crate::stream::watch::Watch;

/// Holds an [`OwnedPermit`] inside a [`WatchedStream`](crate::WatchedStream), with a value of type `J` that judges the
/// items of the stream.
///
/// `J` is the [`Classifier`](crate::Classifier) of [`OwnedPermit::watch_with`]. Without a classifier, `J` is a private
/// type.
///
/// ```
/// use futures_util::{StreamExt, stream};
/// use resilience_runtime::{CircuitBreaker, Classifier, WatchedPermit, WatchedStream};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// type Watched<S> = WatchedStream<S, WatchedPermit<Classifier>>;
///
/// let breaker = CircuitBreaker::builder("watched_permit_example").build()?;
/// let classifier = Classifier::builder().build()?;
/// let numbers = stream::iter([Ok::<_, std::io::Error>(1)]);
/// let watched: Watched<_> = breaker.try_acquire_owned()?.watch_with(&classifier, numbers);
/// assert_eq!(watched.count().await, 1);
/// assert_eq!(breaker.stats().successes, 1);
/// # Ok(())
/// # }
/// ```
pub struct WatchedPermit<J = AnyItem> {
    permit: OwnedPermit,
    judge: J,
    slow: Slow,
    changes: Changes,
}

/// The point in time at which the measured duration of the call ends.
enum Slow {
    UntilEnd,
    /// The duration ends at the first item. The value is the time from the admission of the call to this item. The
    /// value is `None` before the first item, or if the circuit measures no time.
    UntilFirstItem(Option<Duration>),
}

impl<J> WatchedPermit<J> {
    pub(crate) fn new(permit: OwnedPermit, judge: J) -> Self {
        Self { permit, judge, slow: Slow::UntilEnd, changes: Changes::default() }
    }

    /// Sets the changes of the thread's counters of errors in the function that returned the stream.
    pub(crate) fn with_changes(self, changes: Changes) -> Self {
        Self { changes, ..self }
    }

    pub(crate) fn slow_at_first_item(&mut self) {
        self.slow = Slow::UntilFirstItem(None);
    }

    fn see_item(&mut self) {
        if let Slow::UntilFirstItem(time @ None) = &mut self.slow {
            *time = self.permit.0.admitted.elapsed();
        }
    }
}

impl Slow {
    /// Replaces the duration of the call by the time to the first item, if this time is known.
    fn shorten(&self, permit: &mut OwnedPermit) {
        if let Self::UntilFirstItem(Some(time)) = self {
            permit.0.admitted.set_elapsed(*time);
        }
    }
}

fn settle(mut permit: OwnedPermit, slow: &Slow, decision: Decision, text: Option<&dyn Display>) {
    match decision {
        Decision::Failure(retry_after) => {
            slow.shorten(&mut permit);
            permit.0.end().body_failed(text, retry_after);
        }
        Decision::Neutral(Cause::Deadline) => permit.0.end().end_late(Failed::InPoll),
        Decision::Neutral(Cause::TooLate) => permit.0.end().end_too_late(Failed::InPoll),
        Decision::Neutral(_) => {
            slow.shorten(&mut permit);
            permit.ignore();
        }
    }
}

impl<T, E, J: Judge<T, E>> Watch<Result<T, E>> for WatchedPermit<J> {
    #[inline]
    fn begin_poll(&mut self) {
        self.permit.begin_poll();
    }

    #[inline]
    fn end_poll(&mut self) {
        self.permit.end_poll();
    }

    #[inline]
    fn observe(
        watch: &mut Option<Self>,
        poll: impl FnOnce() -> Poll<Option<Result<T, E>>>,
    ) -> Poll<Option<Result<T, E>>> {
        let changes = watch.as_mut().map(|watch| mem::take(&mut watch.changes));
        noted(changes.unwrap_or_default(), poll)
    }

    fn examine(watch: &mut Option<Self>, item: &Result<T, E>) {
        // Takes the permit out of `watch`, because a function of the classifier may panic. The panic then drops the
        // permit, and the call counts as cancelled.
        let Some(mut this) = watch.take() else { return };
        this.see_item();
        match item {
            Ok(value) => match this.permit.0.judge_item(|| this.judge.judge_ok(value)) {
                Some(decision) => settle(this.permit, &this.slow, decision, None),
                None => {
                    this.permit.0.record_item();
                    *watch = Some(this);
                }
            },
            Err(error) => {
                let Self { mut permit, judge, slow, .. } = this;
                permit.0.judge();
                judge.judge_error(error, |decision, text| {
                    permit.0.end_judged();
                    settle(permit, &slow, decision, text);
                });
            }
        }
    }

    fn end(self) {
        let Self { mut permit, slow, .. } = self;
        slow.shorten(&mut permit);
        permit.success();
    }
}

impl<J> fmt::Debug for WatchedPermit<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.permit.fmt(f)
    }
}
