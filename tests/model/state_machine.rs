//! Compares a breaker with a simple model. The inputs are random sequences of overlapping calls. The calls use two
//! paused clocks that show different times.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use proptest::prelude::*;
use resilience_runtime::{CallError, CircuitBreaker, CircuitStats, OwnedPermit};
use support::paused_runtime;
use tokio::runtime::Runtime;
use tokio::time::{Instant, advance};

#[derive(Clone, Copy, Debug)]
struct Settings {
    threshold: u64,
    half_open_max: usize,
    cooldown: Duration,
    trial_timeout: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Starts a call. If `by_call` is `true`, the call runs in [`CircuitBreaker::call`]. If `by_call` is `false`, the
    /// call holds a permit from `try_acquire_owned`.
    Begin {
        by_call: bool,
    },
    /// Ends a running call. The index of the call is `which` modulo the number of running calls.
    End {
        which: usize,
        how: End,
    },
    Advance(Duration),
    /// Makes the following steps use the other one of the two [`clocks`].
    OtherClock,
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Success,
    Failure,
    Ignored,
    Cancelled,
    Panic,
}

fn settings() -> impl Strategy<Value = Settings> {
    (1..4_u64, 1..4_usize, 0..5_u64, 1..5_u64).prop_map(|(threshold, half_open_max, cooldown, trial_timeout)| {
        Settings {
            threshold,
            half_open_max,
            cooldown: Duration::from_secs(cooldown),
            trial_timeout: Duration::from_secs(trial_timeout),
        }
    })
}

fn step() -> impl Strategy<Value = Step> {
    use End::{Cancelled, Failure, Ignored, Panic, Success};
    let how = prop_oneof![
        4 => Just(Success),
        4 => Just(Failure),
        1 => Just(Ignored),
        1 => Just(Cancelled),
        1 => Just(Panic),
    ];
    prop_oneof![
        8 => any::<bool>().prop_map(|by_call| Step::Begin { by_call }),
        8 => (any::<usize>(), how).prop_map(|(which, how)| Step::End { which, how }),
        // All times in `Settings` are whole seconds. A clock that advances by whole seconds can therefore reach the
        // exact end of `cooldown` or `trial_timeout`. One more millisecond takes the clock past this end.
        4 => (0..4_u64, 0..2_u64).prop_map(|(s, ms)| Step::Advance(Duration::from_millis(s * 1000 + ms))),
        1 => Just(Step::OtherClock),
        1 => Just(Step::Reset),
    ]
}

/// A model of a breaker. The model counts the running trials (calls of the half-open circuit) at each admission,
/// because a stored counter could become wrong.
struct Model {
    settings: Settings,
    state: State,
    /// The number of state changes and resets so far.
    generation: u64,
    /// The index, from 1, of the current group of trials (calls of the half-open circuit). If the newest trial is older
    /// than `trial_timeout`, the next call begins a new group. The trials of older groups no longer block other calls.
    lease: u64,
    failures: u64,
    successes: u64,
    has_failed: bool,
    has_succeeded: bool,
    totals: Totals,
}

#[derive(Clone, Copy)]
enum State {
    Closed,
    Open { since: Instant },
    HalfOpen { successes: usize, undecided: usize, newest: Instant },
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Totals {
    succeeded: u64,
    failed: u64,
    ignored: u64,
    cancelled: u64,
    rejected: u64,
    opened: u64,
}

/// The values of `Model::generation` and `Model::lease` at the admission of a call. In a closed circuit, `lease` is 0.
#[derive(Clone, Copy, PartialEq)]
struct Ticket {
    generation: u64,
    lease: u64,
}

/// Returns `began`, the start of a cooldown or of a trial. If `began` is more than one second later than `now`, another
/// clock measured `began`. The function then returns `now`.
fn on_clock_of(now: Instant, began: Instant) -> Instant {
    if began.saturating_duration_since(now) > Duration::from_secs(1) { now } else { began }
}

/// Returns the number of trials that a half-open circuit admits in addition to `half_open_max`. `undecided` is the number
/// of trials that were ignored or cancelled.
fn more(undecided: usize) -> usize {
    undecided.saturating_sub(3).min(32)
}

impl Model {
    fn new(settings: Settings) -> Self {
        Self {
            settings,
            state: State::Closed,
            generation: 0,
            lease: 1,
            failures: 0,
            successes: 0,
            has_failed: false,
            has_succeeded: false,
            totals: Totals::default(),
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }

    fn close(&mut self) {
        self.failures = 0;
        self.successes = 0;
        self.enter(State::Closed);
    }

    fn reset(&mut self) {
        self.has_failed = false;
        self.close();
    }

    /// Starts a call. Returns the [`Ticket`] of an admitted call, or the expected `retry_after` of a rejection.
    fn begin(&mut self, now: Instant, under_way: impl Iterator<Item = Ticket>) -> Result<Ticket, Duration> {
        match self.state {
            State::Closed => return Ok(Ticket { generation: self.generation, lease: 0 }),
            State::Open { since } => {
                let since = on_clock_of(now, since);
                self.state = State::Open { since };
                let passed = now.saturating_duration_since(since);
                if passed < self.settings.cooldown {
                    return self.reject(since + self.settings.cooldown, now);
                }
                self.enter(State::HalfOpen { successes: 0, undecided: 0, newest: now });
            }
            State::HalfOpen { successes, undecided, newest } => {
                let newest = on_clock_of(now, newest);
                let passed = now.saturating_duration_since(newest);
                self.state = State::HalfOpen { successes, undecided, newest };
                let slot = Ticket { generation: self.generation, lease: self.lease };
                let trials = under_way.filter(|ticket| *ticket == slot).count();
                if trials > 0 && passed >= self.settings.trial_timeout {
                    self.lease += 1;
                } else if trials > 0 && successes + trials >= self.settings.half_open_max + more(undecided) {
                    let wait = self.reject(newest + self.settings.trial_timeout, now);
                    return wait.map_err(|wait| wait.min(Duration::from_secs(1)));
                }
                self.state = State::HalfOpen { successes, undecided, newest: newest.max(now) };
            }
        }
        Ok(Ticket { generation: self.generation, lease: self.lease })
    }

    fn reject(&mut self, end: Instant, now: Instant) -> Result<Ticket, Duration> {
        self.totals.rejected += 1;
        Err(end.saturating_duration_since(now))
    }

    fn end(&mut self, ticket: Ticket, how: End, now: Instant) {
        let late = ticket.generation != self.generation;
        match how {
            End::Ignored | End::Cancelled => {
                let total = if how == End::Ignored { &mut self.totals.ignored } else { &mut self.totals.cancelled };
                *total += 1;
                if let State::HalfOpen { undecided, .. } = &mut self.state {
                    *undecided += usize::from(!late);
                }
            }
            End::Success => {
                self.totals.succeeded += 1;
                self.has_succeeded = true;
                if !late {
                    self.succeed();
                }
            }
            End::Failure | End::Panic => {
                self.totals.failed += 1;
                self.has_failed = true;
                if !late {
                    self.fail(now);
                }
            }
        }
    }

    fn succeed(&mut self) {
        self.successes += 1;
        match &mut self.state {
            State::HalfOpen { successes, .. } => {
                *successes += 1;
                if *successes == self.settings.half_open_max {
                    self.close();
                }
            }
            _ => self.failures = 0,
        }
    }

    fn fail(&mut self, now: Instant) {
        self.failures += 1;
        if matches!(self.state, State::HalfOpen { .. }) || self.failures == self.settings.threshold {
            self.totals.opened += 1;
            self.enter(State::Open { since: now });
        }
    }

    fn compare(&self, told: &CircuitStats, now: Instant) {
        let left = match self.state {
            // A cooldown of zero has passed even if `since` is slightly later than `now`.
            State::Open { since } if !self.settings.cooldown.is_zero() => {
                (on_clock_of(now, since) + self.settings.cooldown).saturating_duration_since(now)
            }
            _ => Duration::ZERO,
        };
        let shown = match self.state {
            State::Closed => "closed",
            State::Open { .. } if !left.is_zero() => "open",
            _ => "half_open",
        };
        assert_eq!((told.state.as_str(), told.cooldown_remaining), (shown, left));
        assert_eq!((told.failures, told.successes), (self.failures, self.successes), "failures and successes");
        assert_eq!((told.last_failure.is_some(), told.last_success.is_some()), (self.has_failed, self.has_succeeded));
        let totals = Totals {
            succeeded: told.total_succeeded,
            failed: told.total_failed,
            ignored: told.total_ignored,
            cancelled: told.total_cancelled,
            rejected: told.total_rejected,
            opened: told.total_opened,
        };
        assert_eq!(totals, self.totals);
    }
}

type Pinned = Pin<Box<dyn Future<Output = Result<(), CallError<()>>>>>;

enum Call {
    Permit(OwnedPermit),
    Future { future: Pinned, end: Rc<Cell<Option<End>>> },
}

impl Call {
    fn begin(breaker: &CircuitBreaker, by_call: bool) -> Result<Self, Duration> {
        if !by_call {
            return breaker.try_acquire_owned().map(Self::Permit).map_err(|open| open.retry_after());
        }
        let end = Rc::new(Cell::new(None));
        let (breaker, ending) = (breaker.clone(), end.clone());
        let body = move || {
            poll_fn(move |_| match ending.get() {
                None => Poll::Pending,
                Some(End::Success) => Poll::Ready(Ok(())),
                Some(End::Failure) => Poll::Ready(Err(())),
                Some(_) => resume_unwind(Box::new("panicked")),
            })
        };
        let mut future: Pinned = Box::pin(async move { breaker.call(body).await });
        match poll(&mut future) {
            Poll::Pending => Ok(Self::Future { future, end }),
            Poll::Ready(Err(CallError::Rejected(rejection))) => {
                Err(rejection.retry_after().expect("a circuit has a wait"))
            }
            Poll::Ready(other) => panic!("a call that has not ended came to {other:?}"),
        }
    }

    /// Ends the call as `how` describes, and returns the end that the breaker must count. `CircuitBreaker::call` cannot
    /// ignore an outcome, so an ignored [`Call::Future`] is cancelled instead.
    fn end(self, how: End) -> End {
        match (self, how) {
            (Self::Permit(permit), End::Success) => permit.success(),
            (Self::Permit(permit), End::Failure) => permit.failure(),
            (Self::Permit(permit), End::Ignored) => permit.ignore(),
            (Self::Permit(permit), End::Panic) => {
                // The panic drops the permit. A permit from `try_acquire_owned` cannot detect a panic, so the breaker
                // counts the call as cancelled.
                let _ = catch_unwind(AssertUnwindSafe(move || {
                    let _permit = permit;
                    resume_unwind(Box::new("panicked"))
                }));
                return End::Cancelled;
            }
            (Self::Permit(_), End::Cancelled) => {}
            (Self::Future { .. }, End::Cancelled | End::Ignored) => return End::Cancelled,
            (Self::Future { mut future, end }, how) => {
                end.set(Some(how));
                let ended = catch_unwind(AssertUnwindSafe(|| poll(&mut future).is_ready()));
                assert_eq!(ended.is_err(), how == End::Panic);
            }
        }
        how
    }
}

fn poll(future: &mut Pinned) -> Poll<Result<(), CallError<()>>> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

/// Creates two runtimes with paused clocks. The second clock is 10 s ahead of the first clock.
fn clocks() -> [Runtime; 2] {
    let clocks = [paused_runtime(), paused_runtime()];
    let [one, other] = clocks.each_ref().map(|clock| clock.block_on(async { Instant::now() }));
    clocks[1].block_on(advance(one + Duration::from_secs(10) - other));
    clocks
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn breaker_behaves_as_its_model(settings in settings(), steps in prop::collection::vec(step(), 1..60)) {
        let mut clocks = clocks();
        let breaker = CircuitBreaker::builder("state_machine")
            .threshold(u32::try_from(settings.threshold).unwrap())
            .half_open_max(u32::try_from(settings.half_open_max).unwrap())
            .cooldown(settings.cooldown)
            .trial_timeout(settings.trial_timeout)
            .build()
            .unwrap();
        let mut model = Model::new(settings);
        let mut under_way: Vec<(Ticket, Call)> = Vec::new();
        for step in steps {
            if let Step::OtherClock = step {
                clocks.swap(0, 1);
            }
            clocks[0].block_on(async {
                match step {
                    Step::Begin { by_call } => {
                        let expected = model.begin(Instant::now(), under_way.iter().map(|(ticket, _)| *ticket));
                        match (Call::begin(&breaker, by_call), expected) {
                            (Ok(call), Ok(ticket)) => under_way.push((ticket, call)),
                            (Err(wait), Err(expected)) => assert_eq!(wait, expected, "the wait of a rejection"),
                            (call, expected) => panic!("admitted: {}, expected {}", call.is_ok(), expected.is_ok()),
                        }
                    }
                    Step::End { which, how } if !under_way.is_empty() => {
                        let (ticket, call) = under_way.swap_remove(which % under_way.len());
                        model.end(ticket, call.end(how), Instant::now());
                    }
                    Step::Advance(time) => advance(time).await,
                    Step::Reset => {
                        breaker.reset();
                        model.reset();
                    }
                    Step::End { .. } | Step::OtherClock => {}
                }
                model.compare(&breaker.stats(), Instant::now());
            });
        }
    }
}
