//! Runs a random history (settings and steps) with the library. Each call runs through decorated functions, or through
//! nested calls of methods such as `CircuitBreaker::call`.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::LazyLock;
use std::task::Poll;
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, BulkheadSlot, CallError, CircuitBreaker, Hedge, RateLimit, RetryBudget, RetryPolicy, Timeout,
    TokenBucket, deadline,
};
use support::Error;
use tokio::time::{Instant, sleep};

use crate::block;
use crate::functions::{FUNCTIONS, PLAIN_FUNCTIONS};
use crate::history::{Call, End, Frame, History, Layer, Settings};
use crate::{Circuit, Ended, Kind, Observed, Side};

pub(crate) static BUDGET: RetryBudget =
    RetryBudget::bucket(TokenBucket { capacity: 12, first_try_refund: 3, ..TokenBucket::DEFAULT });

pub(crate) const BAD_OK: u32 = 503;
pub(crate) const IGNORED: Error = Error::Status(404);

pub(crate) type Outcome = Result<u32, Error>;
pub(crate) type Running<'w> = Pin<Box<dyn Future<Output = Outcome> + 'w>>;

/// The data that the calls of a history share: the circuits, the bulkhead, the rate limit, and the list of all started
/// calls.
pub(crate) struct World {
    pub(crate) a: CircuitBreaker,
    pub(crate) b: CircuitBreaker,
    pub(crate) slots: &'static Bulkhead,
    taken: Vec<BulkheadSlot<'static>>,
    pub(crate) rate: RateLimit,
    calls: RefCell<Vec<Progress>>,
}

/// A call, and the number of runs of its innermost body.
#[derive(Clone)]
struct Progress {
    call: Rc<Call>,
    runs: Rc<Cell<usize>>,
}

/// Identifies a function by the index of its call in `World::calls`, and by its own index in `Call::frames`.
#[derive(Clone, Copy)]
pub(crate) struct At {
    call: usize,
    depth: usize,
}

impl World {
    pub(crate) fn new(history: &History) -> Self {
        let slots = Bulkhead::builder("slots", history.slots).wait(history.wait).build().unwrap();
        Self {
            a: circuit(&history.circuits[0]),
            b: circuit(&history.circuits[1]),
            // Leaks the bulkhead, because `taken` needs slots with the lifetime `'static`.
            slots: Box::leak(Box::new(slots)),
            taken: Vec::new(),
            rate: RateLimit::builder("rate", 1).burst(history.burst).build().unwrap(),
            calls: RefCell::default(),
        }
    }

    fn frame(&self, at: At) -> Frame {
        self.calls.borrow()[at.call].call.frames[at.depth].clone()
    }

    /// Runs the body of a function. Each outer body calls the next function. The innermost body ends as `Call::runs`
    /// specifies.
    pub(crate) async fn body(&self, at: At) -> Outcome {
        let Progress { call, runs } = self.calls.borrow()[at.call].clone();
        if at.depth + 1 < call.frames.len() {
            let outcome = run(self, At { depth: at.depth + 1, ..at }).await;
            return if call.frames[at.depth].replaces { outcome.map_err(|_| Error::Other) } else { outcome };
        }
        let run = call.runs[runs.replace(runs.get() + 1) % call.runs.len()];
        if !run.time.is_zero() {
            sleep(run.time).await;
        }
        ended(run.end)
    }

    /// Works like [`body`](Self::body), for a function that is not `async`.
    pub(crate) fn plain_body(&self, at: At) -> Outcome {
        let Progress { call, runs } = self.calls.borrow()[at.call].clone();
        if at.depth + 1 < call.frames.len() {
            let outcome = run_plain(self, At { depth: at.depth + 1, ..at });
            return if call.frames[at.depth].replaces { outcome.map_err(|_| Error::Other) } else { outcome };
        }
        let run = call.runs[runs.replace(runs.get() + 1) % call.runs.len()];
        block(run.time);
        ended(run.end)
    }
}

fn ended(end: End) -> Outcome {
    match end {
        End::Ok => Ok(200),
        End::BadOk => Ok(BAD_OK),
        End::Err => Err(Error::Down),
        End::Ignored => Err(IGNORED),
        End::Busy(time) => Err(Error::Busy(time)),
        // Uses `resume_unwind`, because `panic!` would print a message.
        End::Panic => resume_unwind(Box::new("panic")),
    }
}

impl Side for World {
    async fn call(&self, call: &Call) -> Ended {
        let runs = Rc::new(Cell::new(0));
        self.calls.borrow_mut().push(Progress { call: Rc::new(call.clone()), runs: runs.clone() });
        let begin = Instant::now();
        let mut running = run(self, At { call: self.calls.borrow().len() - 1, depth: 0 });
        let caught = poll_fn(move |cx| match catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx))) {
            Ok(polled) => polled.map(|outcome| outcome.map_or_else(|error| kind(&error), Kind::Ok)),
            Err(_) => Poll::Ready(Kind::Panic),
        });
        let limited = async {
            match call.deadline {
                Some(time) => deadline(time, caught).await,
                None => caught.await,
            }
        };
        let kind = match call.dropped_after {
            Some(time) => tokio::time::timeout(time, limited).await.unwrap_or(Kind::Dropped),
            None => limited.await,
        };
        Ended { kind, runs: runs.get(), time: begin.elapsed() }
    }

    fn take_slot(&mut self) {
        self.taken.extend(self.slots.try_acquire());
    }

    fn free_slot(&mut self) {
        self.taken.pop();
    }

    fn reset(&mut self, circuit: usize) {
        [&self.a, &self.b][circuit].reset();
    }

    fn observe(&self) -> Observed {
        let circuit = |breaker: &CircuitBreaker| {
            let stats = breaker.stats();
            Circuit {
                state: stats.state.as_str(),
                cooldown_remaining: stats.cooldown_remaining,
                failures: stats.failures,
                succeeded: stats.total_succeeded,
                failed: stats.total_failed,
                ignored: stats.total_ignored,
                cancelled: stats.total_cancelled,
                rejected: stats.total_rejected,
                opened: stats.total_opened,
            }
        };
        let slots = self.slots.stats();
        let rate = self.rate.stats();
        Observed {
            circuits: [circuit(&self.a), circuit(&self.b)],
            slots: (slots.in_use.into(), slots.total_admitted, slots.total_rejected),
            rate: (rate.total_admitted, rate.total_rejected),
            tokens: BUDGET.stats().tokens,
        }
    }
}

fn circuit(settings: &Settings) -> CircuitBreaker {
    let builder = CircuitBreaker::builder("circuit")
        .threshold(settings.threshold)
        .cooldown(settings.cooldown)
        .half_open_max(settings.half_open_max)
        .trial_timeout(settings.trial_timeout)
        .count_requests(settings.count_requests);
    let builder = match settings.calls {
        Some(calls) => builder.calls(calls),
        None => builder,
    };
    let builder = match settings.hung_after {
        Some(time) => builder.hung_after(time),
        None => builder,
    };
    builder.build().unwrap()
}

fn kind(error: &Error) -> Kind {
    match error {
        Error::Open(_) => Kind::Open,
        Error::Full(_) => Kind::Full,
        Error::Limited(_) => Kind::Limited,
        Error::Timeout(error) if error.by_deadline() && error.after().is_zero() => Kind::DeadlineBefore,
        Error::Timeout(error) if error.by_deadline() => Kind::Deadline,
        Error::Timeout(_) => Kind::Timeout,
        &IGNORED => Kind::Ignored,
        Error::Busy(time) => Kind::Busy(*time),
        Error::Other => Kind::Replaced,
        _ => Kind::Err,
    }
}

fn run(world: &World, at: At) -> Running<'_> {
    let frame = world.frame(at);
    if frame.is_plain {
        return Box::pin(async move { run_plain(world, at) });
    }
    match frame.attribute {
        Some(number) => (FUNCTIONS[number].call)(world, at),
        None => composed(world, at, &frame.layers),
    }
}

fn run_plain(world: &World, at: At) -> Outcome {
    let frame = world.frame(at);
    match frame.attribute {
        Some(number) => (PLAIN_FUNCTIONS[number].call)(world, at),
        None => composed_plain(world, at, &frame.layers),
    }
}

static POLICY_2: LazyLock<RetryPolicy> =
    LazyLock::new(|| RetryPolicy::builder().max(2).budget(&BUDGET).build().unwrap());

static POLICY_3: LazyLock<RetryPolicy<Error, u32>> = LazyLock::new(|| {
    let policy = RetryPolicy::builder()
        .max(3)
        .delay(Duration::from_secs(2))
        .retry_if(|error: &Error| *error != IGNORED)
        .retry_if_ok(|value: &u32| *value == BAD_OK)
        .retry_after(hint);
    policy.build().unwrap()
});

static FAILOVER: LazyLock<RetryPolicy> =
    LazyLock::new(|| RetryPolicy::builder().max(2).delay(Duration::ZERO).retry_rejected(true).build().unwrap());

pub(crate) fn hint(error: &Error) -> Option<Duration> {
    match error {
        Error::Busy(time) => Some(*time),
        _ => None,
    }
}

const TIMEOUT: Duration = Duration::from_secs(7);
const LONG_TIMEOUT: Duration = Duration::from_secs(29);
const HEDGE_AFTER: Duration = Duration::from_secs(3);

/// Calls the body of a function through the `call` methods of `layers`. The first layer is the outermost layer.
fn composed<'w>(world: &'w World, at: At, layers: &[Layer]) -> Running<'w> {
    let Some((first, rest)) = layers.split_first() else { return Box::pin(world.body(at)) };
    let (first, rest) = (*first, Rc::<[Layer]>::from(rest));
    let call = move || composed(world, at, &rest);
    Box::pin(async move {
        match first {
            Layer::CircuitA => world.a.call(call).await.map_err(CallError::into_error),
            Layer::CircuitB => world.b.call(call).await.map_err(CallError::into_error),
            Layer::Retry2 => POLICY_2.call(call).await,
            Layer::Retry3 => POLICY_3.call(call).await,
            Layer::Failover => FAILOVER.call(call).await,
            Layer::Timeout => Timeout::new(TIMEOUT).unwrap().call(call).await.map_err(CallError::into_error),
            Layer::LongTimeout => Timeout::new(LONG_TIMEOUT).unwrap().call(call).await.map_err(CallError::into_error),
            Layer::Bulkhead => world.slots.call(call).await.map_err(CallError::into_error),
            Layer::RateLimit => world.rate.call(call).await.map_err(CallError::into_error),
            Layer::Hedge => Hedge::new(HEDGE_AFTER, 2).unwrap().call(call).await,
            Layer::Fallback | Layer::FallbackRejected => unreachable!("there is no such method"),
        }
    })
}

/// Works like [`composed`], with the methods `call_blocking`.
fn composed_plain(world: &World, at: At, layers: &[Layer]) -> Outcome {
    let Some((first, rest)) = layers.split_first() else { return world.plain_body(at) };
    let call = || composed_plain(world, at, rest);
    match first {
        Layer::CircuitA => world.a.call_blocking(call).map_err(CallError::into_error),
        Layer::CircuitB => world.b.call_blocking(call).map_err(CallError::into_error),
        Layer::Retry2 => POLICY_2.call_blocking(call),
        Layer::Retry3 => POLICY_3.call_blocking(call),
        Layer::Failover => FAILOVER.call_blocking(call),
        Layer::Bulkhead => world.slots.call_blocking(call).map_err(CallError::into_error),
        Layer::RateLimit => world.rate.call_blocking(call).map_err(CallError::into_error),
        _ => unreachable!("there is no such method for a plain function"),
    }
}
