//! Defines [`World`], the data that the test shares with the decorated functions.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use resilience_runtime::{Bulkhead, CircuitBreaker, RateLimit, RetryBudget, RetryCost, TokenBucket, deadline};
use support::{Error, seconds};
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use crate::functions::{Family, Kind, Outcome};

/// The way in which the body of a decorated function ends.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum End {
    Ok,
    /// An `Ok` that a circuit counts as a failure, because `failure_if_ok` selects the value.
    OkThatFails,
    /// An `Ok` that a retry repeats, because `retry_if_ok` selects the value.
    OkToRepeat,
    Err,
    /// An `Err` that a circuit ignores, because `failure_if` excludes the error.
    ErrThatIsIgnored,
    /// An `Err` that a retry does not repeat, because `retry_if` excludes the error.
    ErrNotToRepeat,
    Panic,
}

pub(crate) const VALUE_THAT_FAILS: u32 = 503;
pub(crate) const VALUE_TO_REPEAT: u32 = 202;
pub(crate) const ERROR_THAT_IS_IGNORED: Error = Error::Status(404);
pub(crate) const ERROR_NOT_TO_REPEAT: Error = Error::Status(400);

/// The value that the first attempt of a hedge returns after 100 s. The second attempt ends earlier.
pub(crate) const LAST: u32 = 7;

#[derive(Clone, Copy, Default)]
struct Counts {
    failures: u64,
    totals: [(&'static str, u64); 4],
    tokens: u64,
}

pub(crate) struct World<'r> {
    pub(crate) runtime: &'r Runtime,
    /// The outer circuit, whose statistics the test compares.
    pub(crate) above: CircuitBreaker,
    /// The inner circuit, between `above` and the body.
    pub(crate) circuit: CircuitBreaker,
    pub(crate) slots: Bulkhead,
    pub(crate) rate: RateLimit,
    budget: &'static RetryBudget,
    end: End,
    time: Duration,
    /// Whether the body ignores `time` and `end`, and instead returns [`LAST`] after 100 s.
    pub(crate) is_well: Cell<bool>,
    noted: Cell<Counts>,
    pub(crate) kind: Kind,
    is_stale: Cell<bool>,
    pub(crate) retries: Arc<AtomicU32>,
    pub(crate) fell_back: Cell<bool>,
}

impl<'r> World<'r> {
    pub(crate) fn new(runtime: &'r Runtime, end: End, time: Duration, family: &Family, counts_requests: bool) -> Self {
        let circuit = |name| {
            let builder = CircuitBreaker::builder(name).threshold(9).hung_after(seconds(10));
            builder.count_requests(counts_requests).build().unwrap()
        };
        let world = Self {
            runtime,
            above: circuit("above"),
            circuit: circuit("between"),
            slots: Bulkhead::builder("slots", 3).build().unwrap(),
            rate: RateLimit::builder("rate", 1).burst(3).build().unwrap(),
            budget: family.budget,
            end,
            time,
            is_well: Cell::new(false),
            noted: Cell::default(),
            kind: family.kind,
            is_stale: Cell::new(false),
            retries: Arc::default(),
            fell_back: Cell::new(false),
        };
        // The circuit `above` starts with one failure, because a success is visible only if it clears a failure. The
        // retry budget starts almost full, because a success returns tokens only to a budget that is not full.
        world.above.try_acquire().unwrap().failure();
        while family.budget.stats().tokens < TokenBucket::DEFAULT.capacity.into() {
            family.budget.call_succeeded(None);
        }
        assert!(family.budget.try_retry(RetryCost::Failure));
        world.note();
        world
    }

    /// Stores the current counts for a later comparison, and sets `retries` to 0.
    pub(crate) fn note(&self) {
        self.noted.set(self.counts());
        self.retries.store(0, Ordering::Relaxed);
    }

    fn counts(&self) -> Counts {
        let stats = self.above.stats();
        Counts {
            failures: stats.failures,
            totals: [
                ("`total_succeeded`", stats.total_succeeded),
                ("`total_failed`", stats.total_failed),
                ("`total_ignored`", stats.total_ignored),
                ("`total_cancelled`", stats.total_cancelled),
            ],
            tokens: self.budget.stats().tokens,
        }
    }

    /// Resets both circuits. The outcome of the running call then no longer changes the state of these circuits.
    fn make_stale(&self) {
        for circuit in [&self.above, &self.circuit] {
            circuit.reset();
            circuit.try_acquire().unwrap().failure();
        }
        self.note();
    }

    pub(crate) fn on_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) async fn body(&self) -> Outcome {
        if self.is_well.get() {
            sleep(Duration::from_secs(100)).await;
            return Ok(LAST);
        }
        if self.kind == Kind::Stale && !self.is_stale.replace(true) {
            self.make_stale();
        }
        sleep(self.time).await;
        match self.end {
            End::Ok => Ok(1),
            End::OkThatFails => Ok(VALUE_THAT_FAILS),
            End::OkToRepeat => Ok(VALUE_TO_REPEAT),
            End::Err => Err(Error::Down),
            End::ErrThatIsIgnored => Err(ERROR_THAT_IS_IGNORED),
            End::ErrNotToRepeat => Err(ERROR_NOT_TO_REPEAT),
            // Uses `resume_unwind`, because `panic!` would print a message.
            End::Panic => resume_unwind(Box::new("panic")),
        }
    }

    pub(crate) fn plain_body(&self) -> Outcome {
        self.runtime.block_on(self.body())
    }

    pub(crate) fn circuit_word(&self) -> String {
        match self.counts().failures {
            0 => "success",
            failures if failures == self.noted.get().failures => "neutral",
            _ => "failure",
        }
        .to_owned()
    }

    /// Returns the text for the column `statistics`: the names of the totals that have increased since the last call of
    /// `note`.
    pub(crate) fn statistics_word(&self) -> String {
        let pairs = self.counts().totals.into_iter().zip(self.noted.get().totals);
        let above = pairs.filter(|((_, now), (_, before))| now > before).map(|((name, _), _)| name);
        let rejected =
            [self.circuit.stats().total_rejected, self.slots.stats().total_rejected, self.rate.stats().total_rejected];
        let mut words: Vec<_> = above.collect();
        if rejected.iter().any(|total| *total > 0) {
            words.push("below `total_rejected`");
        }
        words.join(", ")
    }

    pub(crate) fn budget_word(&self) -> String {
        match self.counts().tokens.cmp(&self.noted.get().tokens) {
            std::cmp::Ordering::Less => "pays",
            std::cmp::Ordering::Equal => "–",
            std::cmp::Ordering::Greater => "refunds",
        }
        .to_owned()
    }

    pub(crate) fn retry_word(&self, has_ended: bool) -> String {
        match has_ended {
            _ if self.retries.load(Ordering::Relaxed) > 0 => "repeats",
            true => "ends",
            false => "–",
        }
        .to_owned()
    }
}

/// Awaits `call` under a deadline of `time_left`, and drops `call` after `dropped_after`. Returns `None` if `call`
/// panicked or was dropped.
pub(crate) async fn ended<T>(
    call: impl Future<Output = T>,
    dropped_after: Option<Duration>,
    time_left: Option<Duration>,
) -> Option<T> {
    const LONG: Duration = Duration::from_secs(1_000_000);
    let mut call = pin!(call);
    let caught = poll_fn(move |cx| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Some),
        Err(_) => std::task::Poll::Ready(None),
    });
    let limited = timeout(dropped_after.unwrap_or(LONG), deadline(time_left.unwrap_or(LONG), caught));
    limited.await.ok().flatten()
}
