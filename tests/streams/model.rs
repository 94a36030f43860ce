//! Compares a simple model with streams that a circuit and a bulkhead watch. The inputs are random streams and random
//! sequences of polls.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use futures_util::Stream;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use resilience_runtime::{Bulkhead, CircuitBreaker, CircuitStats, Classifier, LimitedStream, deadline};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use support::{Error, paused_runtime};
use tokio::time::advance;

use crate::script::{Script, Step, poll};

/// The shortest duration of a slow call, in milliseconds.
const SLOW: u64 = 50;

#[derive(Clone, Debug)]
struct Setting {
    has_classifier: bool,
    slow_at_first_item: bool,
    first_item: Option<u64>,
    idle: Option<u64>,
    hung_after: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Poll,
    /// Polls the stream under a deadline of this number of milliseconds.
    PollWithin(u64),
    Advance(u64),
}

/// The numbers of succeeded, failed, ignored, cancelled and slow calls.
type Counts = [u64; 5];
const SUCCEEDED: usize = 0;
const FAILED: usize = 1;
const IGNORED: usize = 2;
const CANCELLED: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Polled {
    Pending,
    Item,
    Error,
    Panic,
    End,
}

/// The model of a watched stream with time limits. All times are in milliseconds. The stream starts at the time 0.
struct Model {
    setting: Setting,
    steps: Vec<Step>,
    at: usize,
    now: u64,
    /// The time limit of the current wait for an item, and whether the caller's deadline shortened this limit.
    allowed: Option<(u64, bool)>,
    wait_began: Option<u64>,
    first_item: Option<u64>,
    /// The start of the time of `hung_after`: the start of the call, or the first wait after the last item.
    hangs_since: Option<u64>,
    has_item: bool,
    is_ended: bool,
    has_panicked: bool,
    outcome: Option<(usize, bool)>,
}

impl Model {
    fn settle(&mut self, outcome: usize, duration: u64) {
        if self.outcome.is_none() {
            let is_slow = duration >= SLOW && (outcome == SUCCEEDED || outcome == FAILED);
            self.outcome = Some((outcome, is_slow));
        }
    }

    fn duration(&self) -> u64 {
        if self.setting.slow_at_first_item { self.first_item.unwrap_or(self.now) } else { self.now }
    }

    fn settle_neutral(&mut self, outcome: usize, may_hang: bool) {
        let hangs_for = self.hangs_since.map_or(0, |since| self.now - since);
        let has_hung = may_hang && self.setting.hung_after.is_some_and(|after| hangs_for >= after);
        self.settle(if has_hung { FAILED } else { outcome }, self.now);
    }

    fn poll(&mut self, deadline: Option<u64>) -> Polled {
        if self.is_ended || self.has_panicked {
            return Polled::End;
        }
        let limit = if self.has_item { self.setting.idle } else { self.setting.first_item };
        if let Some(limit) = limit {
            let left = deadline.filter(|left| *left < limit);
            let (allowed, by_deadline) = *self.allowed.get_or_insert((left.unwrap_or(limit), left.is_some()));
            if allowed == 0 {
                return self.expire(by_deadline);
            }
        }
        let step = self.steps.get(self.at).copied().unwrap_or(Step::Pending);
        self.at += 1;
        if step == Step::Pending {
            self.hangs_since.get_or_insert(self.now);
            let Some((allowed, by_deadline)) = self.allowed else { return Polled::Pending };
            let began = *self.wait_began.get_or_insert(self.now);
            return if self.now - began >= allowed { self.expire(by_deadline) } else { Polled::Pending };
        }
        (self.allowed, self.wait_began) = (None, None);
        match step {
            Step::Panic => {
                self.has_panicked = true;
                self.settle(FAILED, self.now);
                return Polled::Panic;
            }
            Step::End => {
                self.is_ended = true;
                self.settle(SUCCEEDED, self.duration());
                return Polled::End;
            }
            _ => {}
        }
        self.has_item = true;
        self.first_item.get_or_insert(self.now);
        let judges = self.setting.has_classifier;
        match step {
            Step::Item(status) => {
                if judges && status >= 500 {
                    self.settle(FAILED, self.duration());
                }
                self.hangs_since = None;
                return Polled::Item;
            }
            Step::NotFound if judges => self.settle_neutral(IGNORED, false),
            Step::Rejected if !judges => self.settle_neutral(IGNORED, false),
            _ => self.settle(FAILED, self.duration()),
        }
        Polled::Error
    }

    fn expire(&mut self, by_deadline: bool) -> Polled {
        self.is_ended = true;
        self.first_item.get_or_insert(self.now);
        // With the classifier, every error except a 404 is a failure, even the error of a deadline.
        if by_deadline && !self.setting.has_classifier {
            self.settle_neutral(IGNORED, true);
        } else {
            self.settle(FAILED, self.duration());
        }
        Polled::Error
    }

    fn end(mut self) -> Counts {
        self.settle_neutral(CANCELLED, true);
        let (outcome, is_slow) = self.outcome.unwrap();
        let mut counts = [0; 5];
        counts[outcome] = 1;
        counts[4] = is_slow.into();
        counts
    }
}

fn counts(stats: &CircuitStats) -> Counts {
    [stats.total_succeeded, stats.total_failed, stats.total_ignored, stats.total_cancelled, stats.window_slow]
}

async fn follow(setting: Setting, steps: Vec<Step>, acts: Vec<Act>) -> Result<(), TestCaseError> {
    let builder = CircuitBreaker::builder("streams::model").slow_rate(1.0).min_calls(9).calls(9);
    let builder = builder.slow_call(Duration::from_millis(SLOW));
    let breaker = match setting.hung_after {
        Some(after) => builder.hung_after(Duration::from_millis(after)),
        None => builder,
    };
    let breaker = breaker.build().unwrap();
    let bulkhead = Bulkhead::builder("streams::model", 1).build().unwrap();
    let classifier = Classifier::builder()
        .failure_if(|error: &Error| *error != Error::Status(404))
        .failure_if_ok(|status: &u16| *status >= 500)
        .build()
        .unwrap();

    let mut stream = LimitedStream::new(Script::new(&steps));
    if let Some(time) = setting.first_item {
        stream = stream.first_item(Duration::from_millis(time));
    }
    if let Some(time) = setting.idle {
        stream = stream.idle(Duration::from_millis(time));
    }
    let stream = bulkhead.try_acquire_owned().unwrap().watch(stream);
    let permit = breaker.try_acquire_owned().unwrap();
    let mut stream: Pin<Box<dyn Stream<Item = Result<u16, Error>>>> = match &setting {
        Setting { has_classifier: true, slow_at_first_item: true, .. } => {
            Box::pin(permit.watch_with(&classifier, stream).slow_at_first_item())
        }
        Setting { has_classifier: true, .. } => Box::pin(permit.watch_with(&classifier, stream)),
        Setting { slow_at_first_item: true, .. } => Box::pin(permit.watch(stream).slow_at_first_item()),
        _ => Box::pin(permit.watch(stream)),
    };
    let mut model = Model {
        setting,
        steps,
        at: 0,
        now: 0,
        allowed: None,
        wait_began: None,
        first_item: None,
        hangs_since: Some(0),
        has_item: false,
        is_ended: false,
        has_panicked: false,
        outcome: None,
    };
    let mut holds_slot = true;
    for act in acts {
        let within = match act {
            Act::Advance(time) => {
                advance(Duration::from_millis(time)).await;
                model.now += time;
                continue;
            }
            Act::Poll => None,
            Act::PollWithin(time) => Some(time),
        };
        let mut polled = || match catch_unwind(AssertUnwindSafe(|| poll(stream.as_mut()))) {
            Err(_) => Polled::Panic,
            Ok(Poll::Pending) => Polled::Pending,
            Ok(Poll::Ready(Some(Ok(_)))) => Polled::Item,
            Ok(Poll::Ready(Some(Err(_)))) => Polled::Error,
            Ok(Poll::Ready(None)) => Polled::End,
        };
        let polled = match within {
            None => polled(),
            Some(time) => deadline(Duration::from_millis(time), poll_fn(|_| Poll::Ready(polled()))).await,
        };
        prop_assert_eq!(polled, model.poll(within), "{:?}", act);
        let expected = model.outcome.map_or(0, |_| 1);
        let settled: u64 = counts(&breaker.stats())[..4].iter().sum();
        prop_assert_eq!(settled, expected, "settled after {:?}", act);
        // After the error of a time limit, the slot stays taken until the next poll, which returns the end of the
        // stream.
        holds_slot &= !matches!(polled, Polled::End | Polled::Panic);
        prop_assert_eq!(bulkhead.try_acquire().is_err(), holds_slot, "the slot after {:?}", act);
    }
    drop(stream);
    prop_assert_eq!(counts(&breaker.stats()), model.end());
    prop_assert!(bulkhead.try_acquire().is_ok());
    Ok(())
}

fn time() -> impl Strategy<Value = u64> {
    prop_oneof![1 => Just(0), 8 => 1..120_u64]
}

fn setting() -> impl Strategy<Value = Setting> {
    (any::<bool>(), any::<bool>(), of(time()), of(time()), of(1..200_u64)).prop_map(
        |(has_classifier, slow_at_first_item, first_item, idle, hung_after)| Setting {
            has_classifier,
            slow_at_first_item,
            first_item,
            idle,
            hung_after,
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Pending),
        6 => Just(Step::Item(200)),
        1 => Just(Step::Item(503)),
        1 => Just(Step::Down),
        1 => Just(Step::NotFound),
        1 => Just(Step::Rejected),
        1 => Just(Step::Panic),
        2 => Just(Step::End),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![6 => Just(Act::Poll), 2 => time().prop_map(Act::PollWithin), 4 => (1..100_u64).prop_map(Act::Advance)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_streams_count_as_the_model(
        setting in setting(), steps in vec(step(), 0..12), acts in vec(act(), 0..24),
    ) {
        paused_runtime().block_on(follow(setting, steps, acts))?;
    }
}
