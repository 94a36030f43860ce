//! Defines [`Breaker`], a simple circuit breaker. The tests compare its behaviour with the behaviour of
//! `CircuitBreaker`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::Circuit;
use crate::history::Settings;

/// The time at which the body of a call first returned `Poll::Pending`, or `None` if the body has not been pending yet.
pub(crate) type Start = Rc<Cell<Option<Instant>>>;

/// Identifies the state in which a breaker admitted a call. `generation` is the number of earlier state changes and
/// resets. `lease` is the number of earlier groups of trials (calls of the half-open circuit) that exceeded
/// `trial_timeout`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ticket {
    generation: u32,
    lease: u32,
}

impl Ticket {
    /// The [`Ticket`] of a call that the body of a trial call makes through the same circuit. No circuit reaches the
    /// generation `u32::MAX`, so the outcome of this inner call changes no state.
    pub(crate) const STALE: Self = Self { generation: u32::MAX, lease: 0 };
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Verdict {
    Success,
    Failure,
    Ignored,
    Cancelled,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed,
    Open { until: Instant },
    HalfOpen { successes: u32, in_flight: u32, undecided: u32, newest: Instant },
}

#[derive(Clone)]
struct Facts {
    state: State,
    /// The outcomes of the last calls, oldest first. `true` stands for a failure. If `Settings::calls` is `None`, the
    /// list contains only the failures since the last success.
    window: Vec<bool>,
    generation: u32,
    lease: u32,
    shown: Circuit,
}

/// The messages that circuits leave for the retries around them. A circuit adds a message when it rejects a call, and
/// when it is open after a failure. After a failed attempt, a retry reads the newest message.
#[derive(Default)]
pub(crate) struct Messages {
    all: RefCell<Vec<Message>>,
    /// The number of old messages at the start of `all`, which retries ignore.
    void: Cell<usize>,
    /// The length of `all` at the start of the latest poll in which a body failed or was pending. Only polls of a body
    /// inside a circuit or a `#[fallback(on = "rejected")]` update this value.
    pub(crate) noted: Cell<usize>,
}

#[derive(Clone, Copy)]
pub(crate) struct Message {
    /// The index of the circuit that added the message.
    which: usize,
    /// The time until the circuit may admit a call.
    pub(crate) wait: Duration,
    pub(crate) by_rejection: bool,
}

impl Messages {
    pub(crate) fn number(&self) -> usize {
        self.all.borrow().len()
    }

    /// Makes retries ignore all present messages. Does nothing if a circuit added a message during the poll in which
    /// the body failed.
    fn void(&self) {
        if self.number() == self.noted.get() {
            self.void.set(self.number());
        }
    }

    /// Returns the newest message. Skips the first `since` messages, and the messages of circuits whose index is in
    /// `own`. Clears `by_rejection` if the same circuit has also left a message after a failure.
    pub(crate) fn newest(&self, since: usize, own: &[usize]) -> Option<Message> {
        let all = self.all.borrow();
        let new = &all[since.max(self.void.get()).min(all.len())..];
        let newest = new.iter().rfind(|message| !own.contains(&message.which)).copied()?;
        let mut of_poll = all[since.min(all.len())..].iter().filter(|message| message.which == newest.which);
        Some(Message { by_rejection: of_poll.all(|message| message.by_rejection), ..newest })
    }
}

pub(crate) struct Breaker {
    which: usize,
    settings: Settings,
    messages: Rc<Messages>,
    facts: RefCell<Facts>,
}

impl Breaker {
    pub(crate) fn new(which: usize, settings: Settings, messages: Rc<Messages>) -> Self {
        let facts =
            Facts { state: State::Closed, window: Vec::new(), generation: 0, lease: 0, shown: Circuit::default() };
        Self { which, settings, messages, facts: RefCell::new(facts) }
    }

    pub(crate) fn leave_message(&self, wait: Duration, by_rejection: bool) {
        self.messages.all.borrow_mut().push(Message { which: self.which, wait, by_rejection });
    }

    pub(crate) fn void_messages(&self) {
        self.messages.void();
    }

    fn change<T>(&self, change: impl FnOnce(&mut Facts) -> T) -> T {
        change(&mut self.facts.borrow_mut())
    }

    pub(crate) fn left(&self) -> Duration {
        match self.facts.borrow().state {
            State::Open { until } => until.saturating_duration_since(Instant::now()),
            _ => Duration::ZERO,
        }
    }

    /// Returns whether the breaker is still in the half-open state that admitted a trial.
    pub(crate) fn contains(&self, ticket: Ticket) -> bool {
        let facts = self.facts.borrow();
        matches!(facts.state, State::HalfOpen { .. }) && ticket.generation == facts.generation
    }

    /// Returns the expected `retry_after` of a rejection. For an open circuit, this is the remaining cooldown. For a
    /// half-open circuit, this is the time until the newest trial has run for `trial_timeout`, but at most 1 s.
    pub(crate) fn wait(&self) -> Duration {
        match self.facts.borrow().state {
            State::HalfOpen { newest, .. } => {
                Duration::from_secs(1).min(self.settings.trial_timeout.saturating_sub(newest.elapsed()))
            }
            _ => self.left(),
        }
    }

    pub(crate) fn admit(&self) -> Option<Ticket> {
        let now = Instant::now();
        self.change(|facts| {
            if let State::Open { until } = facts.state {
                if now < until {
                    facts.shown.rejected += 1;
                    return None;
                }
                facts.enter(State::HalfOpen { successes: 0, in_flight: 0, undecided: 0, newest: now });
            }
            if let State::HalfOpen { successes, in_flight, undecided, newest } = &mut facts.state {
                if *in_flight > 0 && now - *newest >= self.settings.trial_timeout {
                    *in_flight = 0;
                    facts.lease += 1;
                }
                // After three trials without outcome, each of them allows one more trial, but at most 32.
                let most = self.settings.half_open_max + undecided.saturating_sub(3).min(32);
                if *in_flight > 0 && *successes + *in_flight >= most {
                    facts.shown.rejected += 1;
                    return None;
                }
                *in_flight += 1;
                *newest = now;
            }
            Some(Ticket { generation: facts.generation, lease: facts.lease })
        })
    }

    pub(crate) fn end(&self, ticket: Ticket, is_repeat: bool, verdict: Verdict, hint: Duration) {
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
                            // A success clears the list, because the threshold counts failures in a row.
                            None if failed => facts.window.push(true),
                            None => facts.window.clear(),
                        }
                        // If `calls` is set, the library updates the statistic `failures` only after a failure.
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
                State::HalfOpen { successes, in_flight, undecided, .. } => {
                    *in_flight -= u32::from(ticket.lease == facts.lease);
                    *undecided += u32::from(matches!(verdict, Verdict::Ignored | Verdict::Cancelled));
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
        if matches!(verdict, Verdict::Failure) && !self.left().is_zero() {
            self.leave_message(self.left(), false);
        }
    }

    pub(crate) fn reset(&self) {
        self.change(|facts| {
            facts.shown.failures = 0;
            facts.enter(State::Closed);
        });
    }

    pub(crate) fn observe(&self) -> Circuit {
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

/// An admitted call. If this value is dropped while `ended` is `false`, the breaker counts the call as cancelled. If
/// the call ran for at least `hung_after`, the breaker counts a failure instead.
pub(crate) struct Admitted<'m> {
    pub(crate) breaker: &'m Breaker,
    pub(crate) ticket: Ticket,
    /// Whether the call is part of the second or a later attempt of a retry or a hedge.
    pub(crate) is_repeat: bool,
    pub(crate) start: Start,
    pub(crate) ended: bool,
}

impl Admitted<'_> {
    pub(crate) fn hung(&self) -> bool {
        let ran = self.start.get().map(|start| start.elapsed());
        self.breaker.settings.hung_after.is_some_and(|time| ran.is_some_and(|ran| ran >= time))
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let verdict = if self.hung() { Verdict::Failure } else { Verdict::Cancelled };
            self.breaker.end(self.ticket, self.is_repeat, verdict, Duration::ZERO);
        }
    }
}
