//! Implements all state transitions of a circuit breaker. The functions of this module take no lock and emit no events.
//!
//! The functions that record a success or a failure read the clock themselves, and only if they need the time. The
//! other functions receive the time as an argument.

use std::time::Duration;

use crate::base::clock::{Millis, Stamp, Tick, nanos, whole_steps};
use crate::base::random;
use crate::circuit::core::blind::Blind;
use crate::circuit::core::counts::Counts;
use crate::circuit::core::decision::{Admission, Effect, End};
use crate::circuit::core::state::{CircuitState, Phase, SuccessPath};
use crate::circuit::core::tally::Tally;
use crate::circuit::core::ticket::Ticket;
use crate::circuit::core::transitions::Cause;
use crate::circuit::core::wait::Wait;
use crate::circuit::core::window::Window;
use crate::circuit::settings::{Rule, Settings};

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    Closed,
    /// `since` is the time at which the circuit opened. `hint` is the delay in nanoseconds that the service asked for,
    /// or zero if the service asked for no delay. `draw` is the random number for the option `cooldown_jitter`, from 0
    /// to `u16::MAX`. `hint` and `draw` are integers, because a `Duration` and an `f64` would need more memory.
    /// `outage` is the time of the first opening since the circuit last closed.
    Open {
        since: Tick,
        hint: u64,
        draw: u16,
        outage: Millis,
    },
    /// `newest` is the time at which the half-open circuit admitted its newest trial call. `undecided` is the number of
    /// trial calls that ended neither as success nor as failure.
    HalfOpen {
        successes: u32,
        in_flight: u32,
        undecided: u16,
        newest: Tick,
        outage: Millis,
    },
    ForcedOpen {
        outage: Millis,
    },
    Disabled,
}

#[derive(Debug)]
pub(crate) struct Machine {
    pub(super) state: State,
    generation: u32,
    /// The number of the current lease. A lease is a time limit for trial calls. All running trial calls of the
    /// half-open circuit share one lease. This field has only 16 bits, to save memory in each breaker.
    pub(super) lease: u16,
    /// The number of openings since the circuit last closed, at most 65,535. A manual opening by `trip` starts the
    /// count again at 1.
    pub(super) opened_since_closed: u16,
    /// The number of failures that count towards the option `threshold` or `failure_rate`, at most `u32::MAX`.
    pub(super) failures: u32,
    /// The generation (a count of state changes) at which the circuit last closed or was reset. This number identifies
    /// the period that then began. The count of successes starts at zero in each period.
    period: u32,
    /// The state before the newest change of the state, and the cause of this change. For a manual change, see
    /// [`change_by_hand`](Self::change_by_hand).
    change: (CircuitState, Cause),
    pub(super) window: Option<Box<Window>>,
    pub(crate) tally: Tally,
    pub(crate) blind: Blind,
}

impl Machine {
    pub(crate) fn new(settings: &Settings, now: impl FnOnce() -> Tick) -> Self {
        let mut machine = Self {
            state: State::Closed,
            generation: 0,
            lease: Ticket::FIRST_LEASE,
            opened_since_closed: 0,
            failures: 0,
            period: 0,
            change: (CircuitState::Closed, Cause::Reset),
            window: None,
            tally: Tally::default(),
            blind: Blind::default(),
        };
        machine.begin_window(settings, now, 0);
        machine
    }

    /// Changes the window of recent calls as the new settings require. If the kind or the length of the window changes,
    /// the window starts empty.
    pub(crate) fn change_settings(&mut self, old: &Settings, new: &Settings, now: Tick, successes: u64) {
        if old.span() != new.span() {
            self.begin_window(new, || now, successes);
            // Sets the count of failures to zero, because the old and the new rule count different failures. For
            // example, the failures in a window need not be consecutive. If the circuit is not closed, the count only
            // shows why the circuit opened, so the count remains unchanged.
            if matches!(self.state, State::Closed) {
                self.failures = 0;
            }
        } else if let Some(window) = &mut self.window {
            window.keep_slow(new.slow_call.is_some());
        }
    }

    /// Creates an empty window of recent calls, if the settings have a window. Without a window, this function does not
    /// call `now`, because a reading of the clock takes 25 ns.
    fn begin_window(&mut self, settings: &Settings, now: impl FnOnce() -> Tick, successes: u64) {
        let window = |span| Window::new(span, now(), successes, settings.slow_call.is_some());
        self.window = settings.span().map(|span| Box::new(window(span)));
    }

    pub(crate) fn period(&self) -> u32 {
        self.period
    }

    /// Returns the generation (a count of state changes).
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// Returns the state before the newest change of the state, and the cause of this change.
    pub(crate) fn change(&self) -> (CircuitState, Cause) {
        self.change
    }

    /// Returns the time of the first opening since the circuit last closed. Returns `None` if the circuit is closed or
    /// disabled.
    pub(crate) fn outage(&self) -> Option<Millis> {
        match self.state {
            State::Closed | State::Disabled => None,
            State::Open { outage, .. } | State::HalfOpen { outage, .. } | State::ForcedOpen { outage } => Some(outage),
        }
    }

    pub(crate) fn has_window(&self) -> bool {
        self.window.is_some()
    }

    /// Returns the first tick (a time) at which a success must take the lock of the circuit. For a window of time,
    /// returns the next tick at which a part of the window expires. Without a window, returns tick zero if the next
    /// success must clear the count of failures. In all other cases, returns `None`.
    pub(crate) fn due(&self) -> Option<Tick> {
        match &self.window {
            Some(window) => window.due(),
            None => (self.failures > 0).then(|| Tick::from_bits(0)),
        }
    }

    /// Returns the numbers of calls in the window of recent calls at the tick `now`, or `None` if the circuit has no
    /// window.
    pub(crate) fn counts(&self, now: Tick, successes: u64) -> Option<Counts> {
        Some(self.window.as_ref()?.look(now, successes))
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.into()
    }

    /// Returns the length of the cooldown. `hint` is the delay in nanoseconds that the service asked for. `draw` is the
    /// random number for the option `cooldown_jitter`, from 0 to `u16::MAX`.
    pub(super) fn cooldown(&self, hint: u64, draw: u16, settings: &Settings) -> Duration {
        let draw = f64::from(draw) / f64::from(u16::MAX);
        settings.nth_cooldown(self.opened_since_closed.into(), Duration::from_nanos(hint), draw)
    }

    /// Returns the state that a call would find at `now`, and the rest of the cooldown. The rest of the cooldown is
    /// zero if the returned state is not open.
    pub(crate) fn seen(&self, settings: &Settings, now: Tick) -> (CircuitState, Duration) {
        let state = match self.state {
            State::Closed => CircuitState::Closed,
            State::Open { since, hint, draw, .. } => match remaining(since, self.cooldown(hint, draw, settings), now) {
                Some(left) => return (CircuitState::Open, left),
                None => CircuitState::HalfOpen,
            },
            State::HalfOpen { .. } => CircuitState::HalfOpen,
            State::ForcedOpen { .. } => CircuitState::ForcedOpen,
            State::Disabled => CircuitState::Disabled,
        };
        (state, Duration::ZERO)
    }

    /// Returns the phase, and the longest time that a rejected call must wait. The phase is a summary of the state,
    /// which other threads read without the lock. The wait time is greater than zero only in the phases `Open` and
    /// `Full`.
    #[inline]
    pub(crate) fn phase(&self, settings: &Settings) -> (Phase, Duration) {
        let generation = self.generation;
        match self.state {
            State::Closed => {
                let consecutive = matches!(settings.rule, Rule::Consecutive { .. });
                let success = if settings.timed() {
                    SuccessPath::Timed
                } else if consecutive && self.failures > 0 {
                    SuccessPath::Failing
                } else {
                    SuccessPath::Quiet
                };
                (Phase::Closed { generation, success }, Duration::ZERO)
            }
            State::Open { since, hint, draw, .. } => {
                let cooldown = self.cooldown(hint, draw, settings);
                (Phase::Open { until: since.after(cooldown) }, cooldown)
            }
            State::HalfOpen { newest, .. } if self.has_enough_trials(settings) => {
                (Phase::Full { until: newest.after(settings.trial_timeout) }, settings.trial_timeout)
            }
            State::HalfOpen { .. } => (Phase::HalfOpen, Duration::ZERO),
            State::ForcedOpen { .. } => {
                let wait = if settings.shadow { 0 } else { whole_steps(nanos(settings.cooldown)) };
                (Phase::ForcedOpen { wait }, Duration::ZERO)
            }
            State::Disabled => (Phase::Disabled { generation }, Duration::ZERO),
        }
    }

    pub(crate) fn admit(&mut self, now: Tick, settings: &Settings) -> Result<Admission, Wait> {
        match &mut self.state {
            State::Closed | State::Disabled => {
                let lease = if settings.timed() { Ticket::TIMED } else { Ticket::NO_TRIAL };
                Ok(Admission::of(self.ticket(lease)))
            }
            State::ForcedOpen { .. } => Err(Wait::forced_open(whole_steps(nanos(settings.cooldown)))),
            State::Open { since, hint, draw, outage } => {
                // Limits the wait of the caller to one cooldown if `since` comes from another clock, such as the paused
                // clock of a test's runtime. A `since` that is at most one second later than `now` remains unchanged,
                // because a delayed thread may have read `now` earlier.
                *since = since.on_clock_of(now);
                let (since, hint, draw, outage) = (*since, *hint, *draw, *outage);
                match remaining(since, self.cooldown(hint, draw, settings), now) {
                    Some(wait) => Err(Wait::open(nanos(wait))),
                    None => {
                        self.enter(
                            State::HalfOpen { successes: 0, in_flight: 1, undecided: 0, newest: now, outage },
                            Cause::Cooldown,
                        );
                        Ok(Admission { half_opened: true, ..Admission::of(self.ticket(self.lease.into())) })
                    }
                }
            }
            State::HalfOpen { .. } => self.admit_trial(now, settings),
        }
    }

    pub(crate) fn succeed(&mut self, ticket: Ticket, settings: &Settings, end: &End) -> Effect {
        if self.is_stale(ticket) {
            self.tally.settled += 1;
            return Effect::Stale;
        }
        self.release(ticket);
        if let (State::HalfOpen { .. }, Some(window)) = (&self.state, &mut self.window) {
            window.leave_out_success();
        }
        let cause = match &mut self.state {
            State::HalfOpen { .. } if end.slow => {
                self.failures = self.failures.saturating_add(1);
                Some(Cause::Trial)
            }
            State::HalfOpen { successes, .. } => {
                *successes += 1;
                if *successes >= settings.half_open_max {
                    self.tally.recent += 1;
                    self.close(Tick::now(), Cause::Recovery);
                    return Effect::Closed;
                }
                None
            }
            _ => match settings.rule {
                Rule::Consecutive { .. } => {
                    self.failures = 0;
                    None
                }
                Rule::Window { .. } => self.remember(settings, end, false),
            },
        };
        self.tally.recent += 1;
        cause.map_or(Effect::Counted, |cause| self.open_for(cause, settings, end))
    }

    pub(crate) fn fail(&mut self, ticket: Ticket, settings: &Settings, end: &End) -> Effect {
        self.tally.failed += 1;
        if self.is_stale(ticket) {
            return Effect::Stale;
        }
        if ticket.is_repeat() && settings.count_requests {
            return Effect::Counted;
        }
        let cause = match settings.rule {
            _ if matches!(self.state, State::HalfOpen { .. }) => {
                self.failures = self.failures.saturating_add(1);
                Some(Cause::Trial)
            }
            Rule::Consecutive { threshold } => {
                self.failures = self.failures.saturating_add(1);
                (self.failures >= threshold).then_some(Cause::Threshold)
            }
            Rule::Window { .. } => self.remember(settings, end, true),
        };
        cause.map_or(Effect::Counted, |cause| self.open_for(cause, settings, end))
    }

    /// Updates the window of recent calls, and adds the finished call if this call failed or was slow. Returns the
    /// cause for which the circuit must open, or `None` if the circuit stays closed.
    fn remember(&mut self, settings: &Settings, end: &End, failed: bool) -> Option<Cause> {
        let Rule::Window { limit, .. } = &settings.rule else { return None };
        let window = self.window.as_mut()?;
        window.update(Tick::now(), end.successes);
        if failed || end.slow {
            window.add(failed, end.slow);
        }
        let counts = window.counts(end.successes + u64::from(!failed));
        if failed {
            self.failures = u32::try_from(counts.failures).unwrap_or(u32::MAX);
        }
        (failed || end.slow).then(|| counts.reached(limit, failed)).flatten()
    }

    fn open_for(&mut self, cause: Cause, settings: &Settings, end: &End) -> Effect {
        self.open(settings, Tick::now(), end.retry_after, cause);
        Effect::Opened { cause, failures: self.failures() }
    }

    fn open(&mut self, settings: &Settings, since: Tick, retry_after: Option<Duration>, cause: Cause) {
        self.opened_since_closed = self.opened_since_closed.saturating_add(1);
        let draw = if settings.cooldown_jitter > 0.0 { (random::next() >> 48) as u16 } else { 0 };
        let outage = self.outage().unwrap_or(Millis::of(since));
        self.enter(State::Open { since, hint: retry_after.map_or(0, nanos), draw, outage }, cause);
    }

    /// Changes the state by hand with the function `change`, and returns the state before the change. An open circuit
    /// whose cooldown has passed counts as half-open, because callers see this state.
    pub(crate) fn change_by_hand(
        &mut self,
        settings: &Settings,
        now: Tick,
        change: impl FnOnce(&mut Self),
    ) -> CircuitState {
        let (from, _) = self.seen(settings, now);
        change(self);
        self.change.0 = from;
        from
    }

    /// Opens the circuit by hand. Starts the count of openings again at 1, so that `cooldown_factor` does not extend
    /// the cooldown.
    pub(crate) fn trip(&mut self, settings: &Settings, now: Tick) {
        self.opened_since_closed = 0;
        self.open(settings, now, None, Cause::Trip);
    }

    pub(crate) fn force_open(&mut self, now: Tick) {
        let outage = self.outage().unwrap_or(Millis::of(now));
        self.enter(State::ForcedOpen { outage }, Cause::ForceOpen);
    }

    pub(crate) fn disable(&mut self) {
        self.enter(State::Disabled, Cause::Disable);
    }

    pub(crate) fn reset(&mut self, now: Tick) {
        self.tally.last_failure = Stamp::default();
        self.close(now, Cause::Reset);
    }

    pub(super) fn close(&mut self, now: Tick, cause: Cause) {
        self.failures = 0;
        self.opened_since_closed = 0;
        self.tally.settled += std::mem::take(&mut self.tally.recent);
        self.enter(State::Closed, cause);
        self.period = self.generation;
        if let Some(window) = &mut self.window {
            window.restart(now);
        }
    }

    pub(super) fn enter(&mut self, state: State, cause: Cause) {
        let from = match self.state {
            State::Closed => CircuitState::Closed,
            State::Open { .. } => CircuitState::Open,
            State::HalfOpen { .. } => CircuitState::HalfOpen,
            State::ForcedOpen { .. } => CircuitState::ForcedOpen,
            State::Disabled => CircuitState::Disabled,
        };
        self.change = (from, cause);
        self.state = state;
        self.generation = self.generation.wrapping_add(1);
    }

    /// Returns a ticket, which records the admission of a call. The call is either a call that only the option `shadow`
    /// admits, or an inner call in the body of a trial call. The outcome of this call must not affect the circuit.
    ///
    /// The ticket contains the previous generation (a count of state changes). The circuit therefore treats the call
    /// like a call that started before the last state change.
    pub(crate) fn late(&self, settings: &Settings) -> Ticket {
        let lease = if settings.durations { Ticket::TIMED } else { Ticket::NO_TRIAL };
        Ticket::new(self.generation.wrapping_sub(1), lease)
    }

    fn is_stale(&self, ticket: Ticket) -> bool {
        ticket.generation() != self.generation || matches!(self.state, State::Disabled)
    }

    pub(super) fn ticket(&self, lease: u32) -> Ticket {
        Ticket::new(self.generation, lease)
    }
}

/// Returns the time from `now` to the moment `since + limit`, or `None` if this moment has passed.
///
/// Rounds `limit` up to a multiple of 8 ns, so that the returned time is never too short. Uses `now` in place of a
/// `since` of another clock.
pub(super) fn remaining(since: Tick, limit: Duration, now: Tick) -> Option<Duration> {
    let since = since.on_clock_of(now);
    let limit = Duration::from_nanos(whole_steps(nanos(limit)));
    let left = limit.checked_sub(now.since(since)).filter(|left| !left.is_zero())?;
    Some(left.saturating_add(since.since(now)))
}
