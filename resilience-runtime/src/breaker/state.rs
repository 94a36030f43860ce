//! The transition function of a breaker: plain data in, plain data out, no clock, no lock, no event.

use std::fmt;
use std::time::Duration;

use crate::breaker::totals::Tally;
use crate::clock::{Stamp, Tick};
use crate::config::Settings;

/// The state of a circuit.
///
/// Shown as `closed`, `open` and `half_open`.
///
/// ```
/// use resilience_runtime::CircuitState;
///
/// assert_eq!(CircuitState::HalfOpen.to_string(), "half_open");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CircuitState {
    /// Calls pass; failures in a row are counted.
    Closed,
    /// Calls are rejected until the cooldown has passed.
    Open,
    /// A few trial calls pass; their outcome closes the circuit or opens it again.
    HalfOpen,
}

impl CircuitState {
    /// The name of the state: `closed`, `open` or `half_open`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

impl fmt::Display for CircuitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an admitted call remembers of its admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// A verdict counts only in the generation that admitted the call.
    pub(crate) generation: u64,
    /// The lease of a trial's slot, zero for a call through a closed circuit. A slot that has been taken back
    /// because its trial did not end belongs to an older lease.
    pub(crate) lease: u32,
}

/// The ticket of an admitted call, or how many nanoseconds a rejected one has to wait, as a pair that is returned in
/// registers: through memory, in pieces of other sizes than it was written in, it costs more than the rest of a rejection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    generation_or_wait: u64,
    lease: u32,
}

impl Answer {
    /// No lease has this number.
    const REJECTED: u32 = u32::MAX;

    #[inline]
    pub(crate) fn new(answer: Result<Ticket, u64>) -> Self {
        match answer {
            Ok(Ticket { generation, lease }) => Self { generation_or_wait: generation, lease },
            Err(wait) => Self { generation_or_wait: wait, lease: Self::REJECTED },
        }
    }

    #[inline]
    pub(crate) fn get(self) -> Result<Ticket, u64> {
        match self.lease {
            Self::REJECTED => Err(self.generation_or_wait),
            lease => Ok(Ticket { generation: self.generation_or_wait, lease }),
        }
    }
}

/// What admitting a call came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    /// The ticket, or how long to wait before asking again.
    pub(crate) verdict: Result<Ticket, Duration>,
    /// The call is the first trial after a cooldown.
    pub(crate) half_opened: bool,
    /// Slots that came back because their trials had not ended in time.
    pub(crate) expired: u32,
}

/// What a verdict did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The call began in another generation.
    Stale,
    /// Counted, and the state stays.
    Counted,
    /// The success of a trial closed the circuit.
    Closed,
    /// The failure opened the circuit.
    Opened { reason: &'static str, failures: u64 },
}

/// What can be told from outside without the lock, as one word; see [`crate::breaker::gate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// `failing`: there are failures for a success to clear.
    Closed {
        generation: u64,
        failing: bool,
    },
    Open {
        since: Tick,
    },
    /// Half-open, and a trial may pass.
    HalfOpen,
    /// Half-open, and every slot is taken; the newest trial was admitted at `since`.
    Full {
        since: Tick,
    },
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed,
    Open { since: Tick },
    HalfOpen { successes: u32, in_flight: u32, newest: Tick },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    state: State,
    generation: u64,
    lease: u32,
    failures: u64,
    /// The generation in which the circuit was closed or reset last.
    period: u64,
    pub(crate) tally: Tally,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { state: State::Closed, generation: 0, lease: 1, failures: 0, period: 0, tally: Tally::default() }
    }

    /// Names the time since the circuit was closed or reset last.
    pub(crate) fn period(&self) -> u64 {
        self.period
    }

    /// Failures in a row; kept while open, and a failed trial adds one.
    pub(crate) fn failures(&self) -> u64 {
        self.failures
    }

    pub(crate) fn phase(&self, settings: &Settings) -> Phase {
        match self.state {
            State::Closed => Phase::Closed { generation: self.generation, failing: self.failures > 0 },
            State::Open { since } => Phase::Open { since },
            State::HalfOpen { successes, in_flight, newest } if full(successes, in_flight, settings) => {
                Phase::Full { since: newest }
            }
            State::HalfOpen { .. } => Phase::HalfOpen,
        }
    }

    pub(crate) fn admit(&mut self, now: Tick, settings: &Settings) -> Admission {
        let mut half_opened = false;
        let mut expired = 0;
        let verdict = match &mut self.state {
            State::Closed => Ok(self.ticket(0)),
            State::Open { since } => {
                // Of two paused clocks on one breaker, the one that is behind must not wait for the other.
                *since = (*since).min(now);
                match remaining(*since, settings.cooldown, now) {
                    Some(wait) => Err(wait),
                    None => {
                        half_opened = true;
                        self.enter(State::HalfOpen { successes: 0, in_flight: 1, newest: now });
                        Ok(self.ticket(self.lease))
                    }
                }
            }
            State::HalfOpen { successes, in_flight, newest } => {
                *newest = (*newest).min(now);
                let wait = remaining(*newest, settings.trial_timeout, now);
                if *in_flight > 0 && wait.is_none() {
                    expired = std::mem::take(in_flight);
                    // Long forgotten when it comes round; zero and the greatest number mean something else.
                    self.lease = if self.lease + 1 == Answer::REJECTED { 1 } else { self.lease + 1 };
                }
                match wait {
                    Some(wait) if full(*successes, *in_flight, settings) => Err(wait),
                    _ => {
                        *in_flight += 1;
                        *newest = now;
                        Ok(self.ticket(self.lease))
                    }
                }
            }
        };
        Admission { verdict, half_opened, expired }
    }

    pub(crate) fn succeed(&mut self, ticket: Ticket, settings: &Settings) -> Effect {
        if ticket.generation != self.generation {
            self.tally.settled += 1;
            return Effect::Stale;
        }
        self.tally.recent += 1;
        self.release(ticket);
        match &mut self.state {
            State::Closed => self.failures = 0,
            State::HalfOpen { successes, .. } => {
                *successes += 1;
                if *successes >= settings.half_open_max {
                    self.close();
                    return Effect::Closed;
                }
            }
            State::Open { .. } => {}
        }
        Effect::Counted
    }

    /// Reads the clock only if the circuit opens.
    pub(crate) fn fail(&mut self, ticket: Ticket, settings: &Settings, now: impl FnOnce() -> Tick) -> Effect {
        self.tally.failed += 1;
        if ticket.generation != self.generation {
            return Effect::Stale;
        }
        self.failures += 1;
        let failures = self.failures;
        let reason = match self.state {
            State::Closed if failures >= u64::from(settings.threshold) => "threshold",
            State::HalfOpen { .. } => "half_open_failure",
            State::Closed | State::Open { .. } => return Effect::Counted,
        };
        self.tally.opened += 1;
        self.enter(State::Open { since: now() });
        Effect::Opened { reason, failures }
    }

    /// Gives a trial's slot back, unless it is another lease's by now.
    pub(crate) fn release(&mut self, ticket: Ticket) {
        if let State::HalfOpen { in_flight, .. } = &mut self.state {
            if ticket.generation == self.generation && ticket.lease == self.lease {
                *in_flight = in_flight.saturating_sub(1);
            }
        }
    }

    pub(crate) fn reset(&mut self) {
        self.tally.last_failure = Stamp::default();
        self.close();
    }

    fn close(&mut self) {
        self.failures = 0;
        self.tally.settled += std::mem::take(&mut self.tally.recent);
        self.enter(State::Closed);
        self.period = self.generation;
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }

    fn ticket(&self, lease: u32) -> Ticket {
        Ticket { generation: self.generation, lease }
    }
}

/// With nobody in flight there is always room, whatever a change of settings did to the sum: otherwise nobody could
/// ever close the circuit again.
fn full(successes: u32, in_flight: u32, settings: &Settings) -> bool {
    in_flight > 0 && u64::from(successes) + u64::from(in_flight) >= u64::from(settings.half_open_max)
}

/// What is left of `limit` since `since`, none once it has passed.
pub(crate) fn remaining(since: Tick, limit: Duration, now: Tick) -> Option<Duration> {
    limit.checked_sub(now.since(since)).filter(|left| !left.is_zero())
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;
    use crate::config::Options;

    fn settings(half_open_max: u32) -> Settings {
        Settings::from(Options {
            threshold: Some(1),
            cooldown: Some(Duration::ZERO),
            half_open_max: Some(half_open_max),
            ..Options::NONE
        })
    }

    /// A machine in which one of three trials has succeeded and another is under way.
    fn half_open() -> (Machine, Ticket) {
        let (mut machine, now, settings) = (Machine::new(), Tick::now(), settings(3));
        let ticket = machine.admit(now, &settings).verdict.unwrap();
        machine.fail(ticket, &settings, || now);
        let first = machine.admit(now, &settings).verdict.unwrap();
        machine.succeed(first, &settings);
        let second = machine.admit(now, &settings).verdict.unwrap();
        (machine, second)
    }

    #[test]
    fn fewer_trials_than_have_succeeded_still_let_one_pass() {
        let (mut machine, trial) = half_open();
        let fewer = settings(1);
        assert!(matches!(machine.phase(&fewer), Phase::Full { .. }));
        assert!(machine.admit(Tick::now(), &fewer).verdict.is_err(), "while one is under way");
        machine.release(trial);
        assert_eq!(machine.phase(&fewer), Phase::HalfOpen);
        let last = machine.admit(Tick::now(), &fewer).verdict.unwrap();
        assert_eq!(machine.succeed(last, &fewer), Effect::Closed);
    }

    #[test]
    fn more_trials_pass_as_soon_as_more_are_allowed() {
        let (mut machine, _trial) = half_open();
        let more = settings(4);
        assert!(machine.admit(Tick::now(), &settings(2)).verdict.is_err());
        assert!(machine.admit(Tick::now(), &more).verdict.is_ok());
    }

    #[test]
    fn a_ticket_of_another_generation_changes_nothing() {
        let (mut machine, trial) = half_open();
        machine.reset();
        assert_eq!(machine.fail(trial, &settings(3), Tick::now), Effect::Stale);
        assert_eq!(machine.succeed(trial, &settings(3)), Effect::Stale);
        machine.release(trial);
        assert!(matches!(machine.phase(&settings(3)), Phase::Closed { failing: false, .. }));
    }

    #[test]
    fn a_lease_that_comes_round_is_not_that_of_a_closed_circuit() {
        let (mut machine, _trial) = half_open();
        machine.lease = Answer::REJECTED - 1;
        let expired = Settings { trial_timeout: Duration::ZERO, ..settings(3) };
        let admission = machine.admit(Tick::now(), &expired);
        assert_eq!((admission.expired, admission.verdict.unwrap().lease), (1, 1));
    }
}
