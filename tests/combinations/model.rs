//! Defines [`Model`], which implements each layer (an attribute or a `call` method) as the documentation of the library
//! describes it. The model uses tokio's clock and tokio's semaphore, but no code of the library.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::breaker::{Admitted, Breaker, Message, Messages, Start, Ticket, Verdict};
use crate::context::{Context, RetryRecord, noting};
use crate::history::{Call, End, Frame, History, Layer, Run};
use crate::{CAPACITY, Ended, Kind, Observed, Side, block};

type Running<'w> = Pin<Box<dyn Future<Output = Kind> + 'w>>;

impl Kind {
    fn is_ok(self) -> bool {
        matches!(self, Kind::Ok(_))
    }

    fn is_rejection(self) -> bool {
        matches!(self, Kind::Open | Kind::Full | Kind::Limited | Kind::DeadlineBefore)
    }

    /// Returns the delay that the error asks for, or zero if the error asks for no delay.
    fn hint(self) -> Duration {
        if let Kind::Busy(time) = self { time } else { Duration::ZERO }
    }

    fn is_by_deadline(self) -> bool {
        matches!(self, Kind::Deadline | Kind::DeadlineBefore)
    }
}

/// Awaits `future` for at most `time`. If `future` blocks the thread beyond `time`, returns `None` in the same poll.
/// Tokio's timeout would need another poll.
async fn within<F: Future>(time: Duration, future: F) -> Option<F::Output> {
    let end = Instant::now() + time;
    let (mut future, mut timer) = (pin!(future), pin!(sleep_until(end)));
    poll_fn(move |cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if Instant::now() >= end => Poll::Ready(None),
        Poll::Pending => timer.as_mut().poll(cx).map(|()| None),
    })
    .await
}

pub(crate) struct Model {
    circuits: [Breaker; 2],
    slots: Semaphore,
    slots_in_all: u32,
    wait: Duration,
    held: Cell<usize>,
    slots_admitted: Cell<u64>,
    slots_rejected: Cell<u64>,
    burst: u32,
    /// The time at which the token bucket of the rate limit is full again, or `None` before the first admitted call.
    full_at: Cell<Option<Instant>>,
    rate_admitted: Cell<u64>,
    rate_rejected: Cell<u64>,
    tokens: Cell<u64>,
    /// The depth of the function whose attribute last rejected or timed out a call. The outermost function has the
    /// depth 0. One number is enough, because an error reaches all outer functions before another call can run.
    rejected_at: Cell<usize>,
    messages: Rc<Messages>,
    /// Each call, and the number of runs of its innermost body.
    calls: RefCell<Vec<Progress>>,
}

type Progress = (Rc<Call>, Rc<Cell<usize>>);

const RETRY_COST: u64 = 5;
/// If an error asks for a longer delay than this, a retry without `max_delay` ends.
const LONGEST_HINT: Duration = Duration::from_secs(60 * 60);
const REFUND: u64 = 3;

impl Model {
    pub(crate) fn new(history: &History) -> Self {
        let messages = Rc::<Messages>::default();
        Self {
            circuits: [0, 1].map(|which| Breaker::new(which, history.circuits[which], messages.clone())),
            slots: Semaphore::new(history.slots.try_into().unwrap()),
            slots_in_all: history.slots,
            wait: history.wait,
            held: Cell::new(0),
            slots_admitted: Cell::new(0),
            slots_rejected: Cell::new(0),
            burst: history.burst,
            full_at: Cell::new(None),
            rate_admitted: Cell::new(0),
            rate_rejected: Cell::new(0),
            tokens: Cell::new(CAPACITY),
            rejected_at: Cell::new(0),
            messages,
            calls: RefCell::default(),
        }
    }

    fn frame(&self, context: &Context) -> Frame {
        self.calls.borrow()[context.call].0.frames[context.depth].clone()
    }

    fn function(&self, context: Context) -> Running<'_> {
        let frame = self.frame(&context);
        self.layer(frame.layers.into(), frame.attribute.is_some(), context)
    }

    fn layer(&self, layers: Rc<[Layer]>, is_attribute: bool, context: Context) -> Running<'_> {
        let Some(first) = layers.first().copied() else { return Box::pin(self.body(context)) };
        let rest: Rc<[Layer]> = layers[1..].into();
        let below = move |context| self.layer(rest.clone(), is_attribute, context);
        match first {
            Layer::CircuitA => Box::pin(self.circuit(0, is_attribute, context, below)),
            Layer::CircuitB => Box::pin(self.circuit(1, is_attribute, context, below)),
            Layer::Retry2 | Layer::Retry3 | Layer::Failover => {
                Box::pin(self.retry(first, layers, is_attribute, context, below))
            }
            Layer::Timeout => Box::pin(self.timeout(Duration::from_secs(7), context, below)),
            Layer::LongTimeout => Box::pin(self.timeout(Duration::from_secs(29), context, below)),
            Layer::Bulkhead => Box::pin(self.bulkhead(context, below)),
            Layer::RateLimit => Box::pin(self.rate_limit(context, below)),
            Layer::Fallback | Layer::FallbackRejected => Box::pin(async move {
                let kind = below(context).await;
                let is_wanted = if first == Layer::Fallback { !kind.is_ok() } else { kind.is_rejection() };
                if is_wanted && kind != Kind::Panic { Kind::Ok(100) } else { kind }
            }),
            Layer::Hedge => Box::pin(self.hedge(context, below)),
        }
    }

    async fn body(&self, context: Context) -> Kind {
        let retries = context.retries.clone();
        let frame = self.frame(&context);
        let looks = |layer: &Layer| matches!(layer, Layer::CircuitA | Layer::CircuitB | Layer::FallbackRejected);
        let is_noted = frame.attribute.is_some() && frame.layers.iter().any(looks);
        let (context, starts) = context.inside();
        let body = self.watched(retries, noting(starts, self.run_body(context)));
        if is_noted { self.noted(body).await } else { body.await }
    }

    /// Polls the body of a function, or a hedge. Before each poll, stores the current number of messages ([`Messages`])
    /// in each record of `retries`.
    async fn watched<F: Future>(&self, retries: Vec<Rc<RetryRecord>>, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(move |cx| {
            for inside in &retries {
                inside.polled.set(Some(self.messages.number()));
            }
            future.as_mut().poll(cx)
        })
        .await
    }

    /// Polls `body`. If `body` fails or is pending in a poll, stores in [`Messages::noted`] the number of messages that
    /// existed before this poll.
    async fn noted(&self, body: impl Future<Output = Kind>) -> Kind {
        let mut body = pin!(body);
        poll_fn(move |cx| {
            let number = self.messages.number();
            let polled = body.as_mut().poll(cx);
            if !matches!(polled, Poll::Ready(kind) if kind.is_ok() || kind == Kind::Panic) {
                self.messages.noted.set(number);
            }
            polled
        })
        .await
    }

    async fn run_body(&self, context: Context) -> Kind {
        let (call, runs) = self.calls.borrow()[context.call].clone();
        let depth = context.depth;
        if depth + 1 < call.frames.len() {
            let kind = self.function(Context { depth: depth + 1, ..context }).await;
            let is_error = !kind.is_ok() && kind != Kind::Panic;
            if !is_error || !call.frames[depth].replaces {
                return kind;
            }
            return Kind::Replaced;
        }
        let Run { time, end } = call.runs[runs.replace(runs.get() + 1) % call.runs.len()];
        self.pause(&call.frames[depth], time).await;
        match end {
            End::Ok => Kind::Ok(200),
            End::BadOk => Kind::Ok(503),
            End::Err => Kind::Err,
            End::Ignored => Kind::Ignored,
            End::Busy(time) => Kind::Busy(time),
            End::Panic => Kind::Panic,
        }
    }

    /// Waits for `time`. If the function is not `async`, moves the paused clock instead.
    async fn pause(&self, frame: &Frame, time: Duration) {
        if frame.is_plain {
            block(time);
        } else if !time.is_zero() {
            sleep(time).await;
        }
    }

    async fn circuit<'w>(
        &'w self,
        which: usize,
        is_attribute: bool,
        mut context: Context,
        below: impl Fn(Context) -> Running<'w>,
    ) -> Kind {
        let breaker = &self.circuits[which];
        let has_rules = is_attribute && which == 1;
        let belongs = context.outer.iter().any(|(outer, ticket)| *outer == which && breaker.contains(*ticket));
        let admitted = if belongs { Some(Ticket::STALE) } else { breaker.admit() };
        let Some(ticket) = admitted else {
            breaker.leave_message(breaker.wait(), true);
            return self.reject(&context, Kind::Open);
        };
        context.outer.push((which, ticket));
        let depth = context.depth;
        let start = Start::default();
        let is_repeat = context.is_repeat;
        let mut running = Admitted { breaker, ticket, is_repeat, start: start.clone(), ended: false };
        let kind = if is_attribute {
            context.circuits.push(start);
            below(context).await
        } else {
            self.noted(noting(vec![start], below(context))).await
        };
        running.ended = true;
        let verdict = match kind {
            Kind::Panic => Verdict::Failure,
            _ if kind.is_by_deadline() && running.hung() => Verdict::Failure,
            // If an attribute of a called function rejected the call, a circuit with `failure_if` counts a failure. A
            // circuit ignores every other rejection.
            _ if kind.is_rejection() || kind.is_by_deadline() => {
                let is_selected = has_rules && self.rejected_at.get() > depth;
                if is_selected { Verdict::Failure } else { Verdict::Ignored }
            }
            Kind::Ok(503) if has_rules => Verdict::Failure,
            Kind::Ignored if has_rules => Verdict::Ignored,
            Kind::Ok(_) => Verdict::Success,
            _ => Verdict::Failure,
        };
        let hint = if has_rules { kind.hint() } else { Duration::ZERO };
        breaker.end(ticket, is_repeat, verdict, hint);
        if matches!(verdict, Verdict::Failure) && !kind.is_ok() && kind != Kind::Panic && !kind.is_by_deadline() {
            breaker.void_messages();
        }
        kind
    }

    fn reject(&self, context: &Context, kind: Kind) -> Kind {
        self.rejected_at.set(context.depth);
        kind
    }

    async fn retry<'w>(
        &'w self,
        layer: Layer,
        layers: Rc<[Layer]>,
        is_attribute: bool,
        context: Context,
        below: impl Fn(Context) -> Running<'w>,
    ) -> Kind {
        let (max, delay) = match layer {
            Layer::Retry2 => (2, 1),
            Layer::Retry3 => (3, 2),
            _ => (2, 0),
        };
        let repeats_rejections = layer == Layer::Failover;
        let has_rules = layer == Layer::Retry3;
        let has_budget = layer == Layer::Retry2;
        let nested = Rc::new(RetryRecord::default());
        let count =
            |retries: i32| context.nested.iter().for_each(|inside| inside.retries.set(inside.retries.get() + retries));
        let mut paid = None;
        let mut attempt = 1;
        loop {
            let mut inside = context.clone();
            inside.is_repeat |= attempt > 1;
            nested.polled.set(None);
            let kind = if is_attribute {
                inside.retries.push(nested.clone());
                below(inside).await
            } else {
                inside.nested.push(nested.clone());
                self.watched(vec![nested.clone()], below(inside)).await
            };
            let is_failed = match kind {
                Kind::Panic => return kind,
                Kind::Ok(503) | Kind::Ignored if has_rules => kind.is_ok(),
                _ => !kind.is_ok(),
            };
            if !is_failed {
                if kind.is_ok() && has_budget {
                    self.tokens.set((self.tokens.get() + paid.unwrap_or(REFUND)).min(CAPACITY));
                }
                // If a function has several retry attributes, only the topmost one subtracts the repeated attempts of
                // all of them from the counts in `context.nested`.
                if kind.is_ok() && context.retries.is_empty() {
                    count(1 - attempt - nested.lower.get() - nested.retries.get());
                }
                return kind;
            }
            // A retry attribute without `retry_after` uses the `retry_after` of an inner circuit of the same function.
            let reads_hint = has_rules || (is_attribute && layers[1..].contains(&Layer::CircuitB));
            let hint = if reads_hint { kind.hint() } else { Duration::ZERO };
            let pause = Duration::from_secs(delay << (attempt - 1)).max(hint);
            let circuits_below = layers[1..].iter().filter_map(|layer| match layer {
                Layer::CircuitA => Some(0),
                Layer::CircuitB => Some(1),
                _ => None,
            });
            let circuits_below: Vec<_> = circuits_below.filter(|_| is_attribute).collect();
            let stays_open = |which: &usize| self.circuits[*which].left() > pause;
            // `RetryPolicy::call` accepts errors of every type, so it cannot search an error for a rejection. The
            // method therefore treats a rejection like a failure that opened the circuit.
            let message = nested.polled.get().and_then(|since| self.messages.newest(since, &circuits_below));
            let is_handled = |message: &Message| message.by_rejection && (is_attribute || kind.is_ok());
            let message = message.filter(|message| !is_handled(message) && !repeats_rejections);
            let stays_open_below = message.is_some_and(|message| message.wait > pause);
            // If a circuit of the same function rejected the attempt, the retry ends, even with
            // `retry_rejected = true`.
            let is_own = is_attribute && self.rejected_at.get() == context.depth;
            if attempt == max
                || stays_open_below
                || hint > LONGEST_HINT
                || (kind == Kind::Open && (is_own || !repeats_rejections))
                || attempt + nested.retries.get().max(0) >= max
                || context.time_left().is_some_and(|left| pause >= left)
                || circuits_below.iter().any(stays_open)
            {
                return kind;
            }
            if has_budget {
                if self.tokens.get() < RETRY_COST {
                    return kind;
                }
                self.tokens.set(self.tokens.get() - RETRY_COST);
                paid = Some(RETRY_COST);
            }
            attempt += 1;
            count(1);
            if let Some(upper) = context.retries.first() {
                upper.lower.set(upper.lower.get() + 1);
            }
            context.retries.iter().for_each(|upper| upper.polled.set(None));
            let frame = self.frame(&context);
            self.pause(&frame, pause).await;
        }
    }

    async fn timeout<'w>(&'w self, time: Duration, context: Context, below: impl Fn(Context) -> Running<'w>) -> Kind {
        let left = context.time_left().unwrap_or(Duration::MAX);
        if left.is_zero() {
            return self.reject(&context, Kind::DeadlineBefore);
        }
        let over = if left < time { Kind::Deadline } else { Kind::Timeout };
        let outcome = within(time.min(left), below(context.clone())).await;
        outcome.unwrap_or_else(|| self.reject(&context, over))
    }

    async fn bulkhead<'w>(&'w self, context: Context, below: impl Fn(Context) -> Running<'w>) -> Kind {
        let wait = context.time_left().unwrap_or(Duration::MAX).min(self.wait);
        let slot = match self.slots.try_acquire() {
            Err(_) if !wait.is_zero() => timeout(wait, self.slots.acquire()).await.ok(),
            slot => slot.ok().map(Ok),
        };
        let count = if slot.is_some() { &self.slots_admitted } else { &self.slots_rejected };
        count.set(count.get() + 1);
        if slot.is_some() { below(context).await } else { self.reject(&context, Kind::Full) }
    }

    /// Admits a call if the token bucket contains a token. The bucket holds up to `burst` tokens, and gains one token
    /// each second.
    async fn rate_limit<'w>(&'w self, context: Context, below: impl Fn(Context) -> Running<'w>) -> Kind {
        let now = Instant::now();
        let full_at = self.full_at.get().map_or(now, |full_at| full_at.max(now)) + Duration::from_secs(1);
        if full_at - now > Duration::from_secs(self.burst.into()) {
            self.rate_rejected.set(self.rate_rejected.get() + 1);
            return self.reject(&context, Kind::Limited);
        }
        self.full_at.set(Some(full_at));
        self.rate_admitted.set(self.rate_admitted.get() + 1);
        below(context).await
    }

    async fn hedge<'w>(&'w self, context: Context, below: impl Fn(Context) -> Running<'w>) -> Kind {
        const AFTER: Duration = Duration::from_secs(3);
        let retries = context.retries.clone();
        let (context, starts) = context.inside();
        let mut first = Some(below(context.clone()));
        let mut second: Option<Running<'_>> = None;
        // If the caller's deadline passes within 3 s, the hedge starts no second attempt.
        let has_second = context.time_left().is_none_or(|left| AFTER < left);
        let mut timer = has_second.then(|| Box::pin(sleep(AFTER)));
        let attempts = poll_fn(move |cx| {
            loop {
                let mut last = None;
                for attempt in [&mut first, &mut second] {
                    if let Some(Poll::Ready(kind)) = attempt.as_mut().map(|attempt| attempt.as_mut().poll(cx)) {
                        *attempt = None;
                        if kind.is_ok() || kind == Kind::Panic {
                            return Poll::Ready(kind);
                        }
                        last = Some(kind);
                    }
                }
                if let (Some(kind), None, None) = (last, &first, &second) {
                    return Poll::Ready(kind);
                }
                if timer.as_mut().is_none_or(|timer| timer.as_mut().poll(cx).is_pending()) {
                    return Poll::Pending;
                }
                timer = None;
                second = Some(below(Context { is_repeat: true, ..context.clone() }));
            }
        });
        self.watched(retries, noting(starts, attempts)).await
    }
}

impl Side for Model {
    async fn call(&self, call: &Call) -> Ended {
        let runs = Rc::new(Cell::new(0));
        self.calls.borrow_mut().push((Rc::new(call.clone()), runs.clone()));
        let number = self.calls.borrow().len() - 1;
        let begin = Instant::now();
        let until = call.deadline.map(|time| begin + time);
        let running = self.function(Context { call: number, until, ..Context::default() });
        let kind = match call.dropped_after {
            Some(time) => timeout(time, running).await.unwrap_or(Kind::Dropped),
            None => running.await,
        };
        Ended { kind, runs: runs.get(), time: begin.elapsed() }
    }

    fn take_slot(&mut self) {
        match self.slots.try_acquire() {
            Ok(slot) => {
                slot.forget();
                self.held.set(self.held.get() + 1);
                self.slots_admitted.set(self.slots_admitted.get() + 1);
            }
            Err(_) => self.slots_rejected.set(self.slots_rejected.get() + 1),
        }
    }

    fn free_slot(&mut self) {
        if self.held.get() > 0 {
            self.held.set(self.held.get() - 1);
            self.slots.add_permits(1);
        }
    }

    fn reset(&mut self, circuit: usize) {
        self.circuits[circuit].reset();
    }

    fn observe(&self) -> Observed {
        Observed {
            circuits: self.circuits.each_ref().map(Breaker::observe),
            slots: (
                u64::from(self.slots_in_all) - self.slots.available_permits() as u64,
                self.slots_admitted.get(),
                self.slots_rejected.get(),
            ),
            rate: (self.rate_admitted.get(), self.rate_rejected.get()),
            tokens: self.tokens.get(),
        }
    }
}
