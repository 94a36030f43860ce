//! The model: each layer in plain code, written from the pages. It uses tokio's clock and nothing of the library.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::mem::take;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

use crate::history::{Call, End, History, Layer, Run, Settings};
use crate::{CAPACITY, Circuit, Ended, Kind, Observed};

type Running<'w> = Pin<Box<dyn Future<Output = Kind> + 'w>>;

impl Kind {
    fn is_ok(self) -> bool {
        matches!(self, Kind::Ok(_))
    }

    /// Returns whether a layer says that the call was not made.
    fn is_rejection(self) -> bool {
        matches!(self, Kind::Open | Kind::Full | Kind::Limited | Kind::DeadlineBefore)
    }

    /// Returns the delay that the error asks for.
    fn hint(self) -> Duration {
        if let Kind::Busy(time) = self { time } else { Duration::ZERO }
    }

    fn is_by_deadline(self) -> bool {
        matches!(self, Kind::Deadline | Kind::DeadlineBefore)
    }
}

/// The facts that a call hands to the layers below.
#[derive(Clone, Default)]
struct Context {
    call: usize,
    depth: usize,
    until: Option<Instant>,
    /// Whether a retry or a hedge above has made an attempt before this one.
    is_repeat: bool,
    /// The circuits around the call, and the tickets of their calls.
    outer: Vec<(usize, Ticket)>,
    /// The counts of the retries above that include the retries of a call here.
    nested: Vec<Rc<Inside>>,
    /// The retries and circuits of the same function, which see the body only, or the attempts of a hedge.
    retries: Vec<Rc<Inside>>,
    circuits: Vec<Start>,
}

/// The events inside the body of a retry.
#[derive(Default)]
struct Inside {
    /// The retries, without those of calls that succeeded.
    retries: Cell<i32>,
    /// Whether the body of the current attempt has ended. A layer may have rejected the attempt.
    has_ended: Cell<bool>,
}

/// The time at which a call first waited.
type Start = Rc<Cell<Option<Instant>>>;

/// Notes the time at which a future first waits.
async fn noting<F: Future>(starts: Vec<Start>, future: F) -> F::Output {
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
    fn inside(mut self) -> (Self, Vec<Start>) {
        self.nested.append(&mut self.retries);
        let starts = take(&mut self.circuits);
        (self, starts)
    }

    fn time_left(&self) -> Option<Duration> {
        self.until.map(|until| until.saturating_duration_since(Instant::now()))
    }
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
    /// The time at which the bucket of the rate limit is full again.
    full_at: Cell<Option<Instant>>,
    rate_admitted: Cell<u64>,
    rate_rejected: Cell<u64>,
    tokens: Cell<u64>,
    /// The depth of the function whose layer rejected or ended a call last. An error reaches each layer above at once.
    rejected_at: Cell<usize>,
    /// The error that a body replaced last.
    replaced: Cell<Kind>,
    /// The circuit that rejected a call or counted a failure last, in the current poll of a retry's body: the time for which
    /// it stays open, and whether it rejected.
    last_open: Rc<Cell<(Duration, bool)>>,
    /// Each call, and the runs of its innermost body so far.
    calls: RefCell<Vec<Progress>>,
}

type Progress = (Rc<Call>, Rc<Cell<usize>>);

const RETRY_COST: u64 = 5;
/// The longest delay that a retry without `max_delay` accepts.
const LONGEST_HINT: Duration = Duration::from_secs(60 * 60);
const REFUND: u64 = 3;

impl Model {
    pub(crate) fn new(history: &History) -> Self {
        let last_open = Rc::<Cell<_>>::default();
        Self {
            circuits: history.circuits.map(|settings| Breaker::new(settings, last_open.clone())),
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
            replaced: Cell::new(Kind::Err),
            last_open,
            calls: RefCell::default(),
        }
    }

    pub(crate) async fn call(&self, call: &Call) -> Ended {
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

    /// Calls the function at this depth through all its layers.
    fn function(&self, context: Context) -> Running<'_> {
        let frame = self.calls.borrow()[context.call].0.frames[context.depth].clone();
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
        let (context, starts) = context.inside();
        self.watched(retries, noting(starts, self.run_body(context))).await
    }

    /// Watches the body of these retries. Each poll forgets the open circuit of the poll before.
    async fn watched<F: Future>(&self, retries: Vec<Rc<Inside>>, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(move |cx| {
            if !retries.is_empty() {
                self.last_open.take();
            }
            let polled = future.as_mut().poll(cx);
            for inside in &retries {
                inside.has_ended.set(polled.is_ready());
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
            if kind != Kind::Replaced {
                self.replaced.set(kind);
            }
            return Kind::Replaced;
        }
        let Run { time, end } = call.runs[runs.replace(runs.get() + 1) % call.runs.len()];
        if !time.is_zero() {
            sleep(time).await;
        }
        match end {
            End::Ok => Kind::Ok(200),
            End::BadOk => Kind::Ok(503),
            End::Err => Kind::Err,
            End::Ignored => Kind::Ignored,
            End::Busy(time) => Kind::Busy(time),
            End::Panic => Kind::Panic,
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
        let belongs = context.outer.iter().any(|(outer, ticket)| *outer == which && breaker.is_live_trial(*ticket));
        let admitted = if belongs { Some(Ticket::STALE) } else { breaker.admit() };
        let Some(ticket) = admitted else {
            self.last_open.set((breaker.wait(), true));
            return self.reject(&context, Kind::Open);
        };
        context.outer.push((which, ticket));
        let depth = context.depth;
        let start = Start::default();
        let mut running =
            Admitted { breaker, ticket, start: start.clone(), is_repeat: context.is_repeat, ended: false };
        let kind = if is_attribute {
            context.circuits.push(start);
            below(context).await
        } else {
            noting(vec![start], below(context)).await
        };
        running.ended = true;
        // `CircuitBreaker::call` cannot look into the error, and takes this one for that of the deadline.
        let is_taken = kind == Kind::Replaced && !is_attribute && self.replaced.get().is_by_deadline();
        let seen = if is_taken { self.replaced.get() } else { kind };
        let verdict = match seen {
            Kind::Panic => Verdict::Failure,
            _ if seen.is_by_deadline() && running.hung() => Verdict::Failure,
            Kind::Open if without("rejections") => Verdict::Failure,
            // `failure_if` decides about rejections of called functions.
            _ if seen.is_rejection() || seen.is_by_deadline() => match has_rules && self.rejected_at.get() > depth {
                true => Verdict::Failure,
                false => Verdict::Ignored,
            },
            Kind::Ok(503) if has_rules => Verdict::Failure,
            Kind::Ignored if has_rules => Verdict::Ignored,
            Kind::Ok(_) => Verdict::Success,
            _ => Verdict::Failure,
        };
        let hint = if has_rules { kind.hint() } else { Duration::ZERO };
        breaker.end(ticket, verdict, running.is_repeat, hint);
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
        let nested = Rc::new(Inside::default());
        let count =
            |retries: i32| context.nested.iter().for_each(|inside| inside.retries.set(inside.retries.get() + retries));
        let mut paid = None;
        let mut attempt = 1;
        loop {
            let is_repeat = context.is_repeat || attempt > 1;
            let mut inside = Context { is_repeat, ..context.clone() };
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
                if kind.is_ok() {
                    count(1 - attempt - nested.retries.get());
                }
                return kind;
            }
            // Without an option of its own the retry reads the delay as a circuit of the same function does.
            let reads_hint = has_rules || (is_attribute && layers[1..].contains(&Layer::CircuitB));
            let hint = if reads_hint { kind.hint() } else { Duration::ZERO };
            let pause = Duration::from_secs(delay << (attempt - 1)).max(hint);
            let mut circuits_below = layers[1..].iter().filter_map(|layer| match layer {
                Layer::CircuitA => Some(0),
                Layer::CircuitB => Some(1),
                _ => None,
            });
            let stays_open = |which: usize| self.circuits[which].left() > pause;
            let (wait, by_rejection) = self.last_open.get();
            // A method cannot look into the error.
            let is_noted = nested.has_ended.take() && !kind.is_ok();
            let stays_open_below = is_noted && wait > pause && !(is_attribute && by_rejection) && !repeats_rejections;
            // A rejection by a circuit of the same function ends the retry all the same.
            let is_own = is_attribute && self.rejected_at.get() == context.depth;
            if attempt == max
                || stays_open_below
                || hint > LONGEST_HINT
                || (kind == Kind::Open && (is_own || !repeats_rejections))
                || attempt + nested.retries.get().max(0) >= max
                || context.time_left().is_some_and(|left| pause >= left)
                || (is_attribute && circuits_below.any(stays_open))
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
            if !pause.is_zero() {
                sleep(pause).await;
            }
        }
    }

    async fn timeout<'w>(&'w self, time: Duration, context: Context, below: impl Fn(Context) -> Running<'w>) -> Kind {
        let left = context.time_left().unwrap_or(Duration::MAX);
        if left.is_zero() {
            return self.reject(&context, Kind::DeadlineBefore);
        }
        let over = if left < time { Kind::Deadline } else { Kind::Timeout };
        let outcome = timeout(time.min(left), below(context.clone())).await;
        outcome.unwrap_or_else(|_| self.reject(&context, over))
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

    pub(crate) fn take_slot(&self) {
        match self.slots.try_acquire() {
            Ok(slot) => {
                slot.forget();
                self.held.set(self.held.get() + 1);
                self.slots_admitted.set(self.slots_admitted.get() + 1);
            }
            Err(_) => self.slots_rejected.set(self.slots_rejected.get() + 1),
        }
    }

    pub(crate) fn free_slot(&self) {
        if self.held.get() > 0 {
            self.held.set(self.held.get() - 1);
            self.slots.add_permits(1);
        }
    }

    /// A bucket of `burst` tokens, one of which returns each second.
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
        // No attempt starts after the deadline.
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

    pub(crate) fn reset(&self, circuit: usize) {
        self.circuits[circuit].reset();
    }

    pub(crate) fn observe(&self) -> Observed {
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

#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticket {
    generation: u32,
    lease: u32,
}

impl Ticket {
    /// The ticket of a call inside a trial, which decides nothing.
    const STALE: Self = Self { generation: u32::MAX, lease: 0 };
}

#[derive(Clone, Copy, Debug)]
enum Verdict {
    Success,
    Failure,
    Ignored,
    Cancelled,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed,
    Open { until: Instant },
    HalfOpen { successes: u32, in_flight: u32, newest: Instant },
}

#[derive(Clone)]
struct Facts {
    state: State,
    /// The last calls since the circuit closed: whether each failed.
    window: Vec<bool>,
    generation: u32,
    lease: u32,
    shown: Circuit,
}

struct Breaker {
    settings: Settings,
    last_open: Rc<Cell<(Duration, bool)>>,
    facts: RefCell<Facts>,
}

impl Breaker {
    fn new(settings: Settings, last_open: Rc<Cell<(Duration, bool)>>) -> Self {
        let facts =
            Facts { state: State::Closed, window: Vec::new(), generation: 0, lease: 0, shown: Circuit::default() };
        Self { settings, last_open, facts: RefCell::new(facts) }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Facts) -> T) -> T {
        change(&mut self.facts.borrow_mut())
    }

    /// Returns the rest of the cooldown.
    fn left(&self) -> Duration {
        match self.facts.borrow().state {
            State::Open { until } => until.saturating_duration_since(Instant::now()),
            _ => Duration::ZERO,
        }
    }

    /// Returns whether the ticket is that of a trial that holds its slot.
    fn is_live_trial(&self, ticket: Ticket) -> bool {
        let facts = self.facts.borrow();
        let current = Ticket { generation: facts.generation, lease: facts.lease };
        matches!(facts.state, State::HalfOpen { .. }) && ticket == current
    }

    /// Returns the wait of a rejection: the rest of the cooldown, or at most 1 s while half-open.
    fn wait(&self) -> Duration {
        match self.facts.borrow().state {
            State::HalfOpen { newest, .. } => {
                Duration::from_secs(1).min(self.settings.trial_timeout.saturating_sub(newest.elapsed()))
            }
            _ => self.left(),
        }
    }

    fn admit(&self) -> Option<Ticket> {
        let now = Instant::now();
        self.change(|facts| {
            if let State::Open { until } = facts.state {
                if now < until {
                    facts.shown.rejected += 1;
                    return None;
                }
                facts.enter(State::HalfOpen { successes: 0, in_flight: 0, newest: now });
            }
            if let State::HalfOpen { successes, in_flight, newest } = &mut facts.state {
                if *in_flight > 0 && now - *newest >= self.settings.trial_timeout {
                    *in_flight = 0;
                    facts.lease += 1;
                }
                if *in_flight > 0 && *successes + *in_flight >= self.settings.half_open_max {
                    facts.shown.rejected += 1;
                    return None;
                }
                *in_flight += 1;
                *newest = now;
            }
            Some(Ticket { generation: facts.generation, lease: facts.lease })
        })
    }

    fn end(&self, ticket: Ticket, verdict: Verdict, is_repeat: bool, hint: Duration) {
        const MAX_COOLDOWN: Duration = Duration::from_secs(60 * 60);
        let cooldown = self.settings.cooldown.max(hint).min(MAX_COOLDOWN);
        self.change(|facts| {
            let shown = &mut facts.shown;
            match verdict {
                Verdict::Success => shown.succeeded += 1,
                Verdict::Failure => shown.failed += 1,
                Verdict::Ignored => shown.ignored += 1,
                Verdict::Cancelled => shown.cancelled += 1,
            }
            if ticket.generation != facts.generation {
                return;
            }
            match &mut facts.state {
                State::Closed => match verdict {
                    Verdict::Failure if is_repeat && self.settings.count_requests => {}
                    Verdict::Success | Verdict::Failure => {
                        let failed = matches!(verdict, Verdict::Failure);
                        match self.settings.calls {
                            Some(calls) => {
                                facts.window.push(failed);
                                let first = facts.window.len().saturating_sub(calls.try_into().unwrap());
                                facts.window.drain(..first);
                            }
                            // Failures in a row.
                            None if failed => facts.window.push(true),
                            None => facts.window.clear(),
                        }
                        // The statistics show the window at the last failure.
                        if failed || self.settings.calls.is_none() {
                            shown.failures = facts.window.iter().filter(|failed| **failed).count() as u64;
                        }
                        if failed && shown.failures >= self.settings.threshold.into() {
                            facts.open(cooldown);
                        }
                    }
                    Verdict::Ignored | Verdict::Cancelled => {}
                },
                State::Open { .. } => {}
                State::HalfOpen { successes, in_flight, .. } => {
                    if ticket.lease == facts.lease {
                        *in_flight -= 1;
                    }
                    match verdict {
                        Verdict::Success => {
                            *successes += 1;
                            if *successes >= self.settings.half_open_max {
                                shown.failures = 0;
                                facts.enter(State::Closed);
                            }
                        }
                        Verdict::Failure => {
                            shown.failures += 1;
                            facts.open(cooldown);
                        }
                        Verdict::Ignored | Verdict::Cancelled => {}
                    }
                }
            }
        });
        if matches!(verdict, Verdict::Failure) {
            self.last_open.set((self.left(), false));
        }
    }

    fn reset(&self) {
        self.change(|facts| {
            facts.shown.failures = 0;
            facts.enter(State::Closed);
        });
    }

    fn observe(&self) -> Circuit {
        let left = self.left();
        let state = match self.facts.borrow().state {
            State::Closed => "closed",
            State::Open { .. } if !left.is_zero() => "open",
            _ => "half_open",
        };
        Circuit { state, cooldown_remaining: left, ..self.facts.borrow().shown }
    }
}

impl Facts {
    fn enter(&mut self, state: State) {
        self.state = state;
        self.window.clear();
        self.generation += 1;
    }

    fn open(&mut self, cooldown: Duration) {
        self.shown.opened += 1;
        self.enter(State::Open { until: Instant::now() + cooldown });
    }
}

/// An admitted call. Its drop before the end cancels the call.
struct Admitted<'m> {
    breaker: &'m Breaker,
    ticket: Ticket,
    start: Start,
    is_repeat: bool,
    ended: bool,
}

impl Admitted<'_> {
    fn hung(&self) -> bool {
        let ran = self.start.get().map(|start| start.elapsed());
        self.breaker.settings.hung_after.is_some_and(|time| ran.is_some_and(|ran| ran >= time))
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let verdict = if self.hung() { Verdict::Failure } else { Verdict::Cancelled };
            self.breaker.end(self.ticket, verdict, self.is_repeat, Duration::ZERO);
        }
    }
}

use crate::history::without;
