//! How a breaker admits calls and takes what they came to; what is told about it follows the decision.

use std::fmt;
use std::time::Duration;

use crate::base::clock::{self, Stamp, Tick, nanos};
use crate::circuit::breaker::{CircuitBreaker, Inner};
use crate::circuit::core::decision::{Admission, Effect, End};
use crate::circuit::core::machine::Machine;
use crate::circuit::core::state::{Phase, Watch};
use crate::circuit::core::ticket::Ticket;
use crate::circuit::events;
use crate::circuit::permit::{Call, Verdict};
use crate::events::debug_wanted;

impl CircuitBreaker {
    /// Admits a call through a circuit that does not simply count: rejects it as long as the wait runs, and otherwise
    /// decides.
    #[cold]
    pub(crate) fn admit(&self) -> Result<Ticket, u64> {
        let gate = &self.0.gate;
        match gate.phase() {
            Phase::Closed { generation, watch: Watch::Timed } => {
                return Ok(Ticket::new(generation, Ticket::TIMED));
            }
            Phase::Disabled { generation } => {
                return Ok(Ticket::new(generation, Ticket::NO_TRIAL));
            }
            Phase::Open { until } | Phase::Full { until } => {
                if let Some(wait) = left(until).filter(|wait| *wait <= gate.longest_wait()) {
                    return self.reject(wait);
                }
            }
            Phase::ForcedOpen { wait: wait @ 1.. } => return self.reject(wait),
            Phase::ForcedOpen { .. } | Phase::HalfOpen | Phase::Closed { .. } => {}
        }
        let (admission, shadow) = gate.decide(|machine, settings| {
            let admission = machine.admit(Tick::now(), settings);
            (admission, settings.shadow.then(|| machine.late()))
        });
        match admission.verdict {
            Ok(ticket) => {
                // A subscriber that panics drops this, and the slot comes back.
                let call = Call::new(self, ticket);
                self.tell_admission(&admission);
                Ok(call.hand_over())
            }
            Err(wait) => {
                let rejected = self.reject(nanos(wait));
                shadow.map_or(rejected, Ok)
            }
        }
    }

    fn tell_admission(&self, admission: &Admission) {
        if admission.expired > 0 {
            events::trial_expired(&self.0.name, admission.expired);
        }
        if admission.half_opened {
            events::half_open(&self.0.name);
        }
    }

    fn reject(&self, wait_nanos: u64) -> Result<Ticket, u64> {
        let Inner { name, totals, .. } = &*self.0;
        totals.add_rejected();
        if debug_wanted() {
            events::rejected(name, Duration::from_nanos(wait_nanos));
        }
        Err(wait_nanos)
    }

    /// The time at which a call begins that has to be timed.
    #[cold]
    pub(crate) fn start(&self) -> Option<Tick> {
        let gate = &self.0.gate;
        if debug_wanted() { Some(Tick::now()) } else { gate.has_slow_calls().then(|| gate.lap(true)) }
    }

    /// Takes any verdict but a success.
    #[cold]
    pub(crate) fn record(&self, ticket: Ticket, started: Option<Tick>, verdict: Verdict<'_>) {
        match verdict {
            Verdict::Failure { error, retry_after } => self.record_failure(ticket, started, error, retry_after),
            Verdict::Ignored => {
                self.0.totals.add_ignored();
                self.release(ticket);
            }
            Verdict::Cancelled => {
                self.0.totals.add_cancelled();
                self.release(ticket);
            }
        }
    }

    /// Takes a success that ended `now`. A thread that has no slot yet gets it out of the way of those that have.
    pub(crate) fn record_success(&self, ticket: Ticket, started: Option<Tick>, now: Stamp) {
        let Inner { gate, totals, .. } = &*self.0;
        let counted = gate.is_quiet(ticket.generation())
            && totals.known().is_some_and(|slot| slot.succeed(ticket.generation(), now));
        if !counted || debug_wanted() {
            self.finish_success(ticket, started, now, counted);
        }
    }

    /// Decides about a success that could not simply be counted, and tells about it.
    #[cold]
    fn finish_success(&self, ticket: Ticket, started: Option<Tick>, now: Stamp, counted: bool) {
        let Inner { name, gate, totals } = &*self.0;
        let effect = if counted || self.count_timed(ticket, started, now) {
            Effect::Counted
        } else {
            gate.decide(|machine, settings| {
                let end = self.end(machine, started, None);
                let effect = machine.succeed(ticket, settings, &end);
                totals.adopt(machine.period(), now, &mut machine.tally);
                effect
            })
        };
        if debug_wanted() {
            events::success(name, started);
        }
        match effect {
            Effect::Closed => events::closed(name),
            Effect::Opened { reason, failures } => events::opened(name, reason, failures, None),
            Effect::Stale | Effect::Counted => {}
        }
    }

    /// Counts a success where each is looked at, unless it was slow or the window has something to forget.
    fn count_timed(&self, ticket: Ticket, started: Option<Tick>, now: Stamp) -> bool {
        let Inner { gate, totals, .. } = &*self.0;
        if !gate.is_closed(ticket.generation(), Watch::Timed) {
            return false;
        }
        let took_long = started.is_some_and(|started| gate.is_slow(started));
        let slot = totals.mine();
        // As long as the coarse clock stands still, nothing grows too old, unless somebody moves the time.
        let due = (slot.last_success() != now || clock::is_moved()) && gate.is_due(Tick::now());
        if took_long || due {
            return false;
        }
        slot.succeed(ticket.generation(), now)
    }

    fn record_failure(
        &self,
        ticket: Ticket,
        started: Option<Tick>,
        error: Option<&dyn fmt::Display>,
        retry_after: Option<Duration>,
    ) {
        let Inner { name, gate, .. } = &*self.0;
        let now = Stamp::now();
        let effect = gate.decide(|machine, settings| {
            // Three readings of the clock: not for each of many failures.
            if machine.has_window() && machine.tally.last_failure != now {
                clock::look();
            }
            machine.tally.last_failure = now;
            machine.fail(ticket, settings, &self.end(machine, started, retry_after))
        });
        if debug_wanted() {
            events::failure(name, started, error);
        }
        if let Effect::Opened { reason, failures } = effect {
            events::opened(name, reason, failures, error);
        }
    }

    /// What the machine needs to know of the end of a call.
    #[inline]
    fn end(
        &self,
        machine: &Machine,
        started: Option<Tick>,
        retry_after: Option<Duration>,
    ) -> End<impl Fn() -> Tick + use<>> {
        let gate = &self.0.gate;
        let slow = started.is_some_and(|started| gate.has_slow_calls() && gate.is_slow(started));
        End { now: Tick::now, slow, retry_after, successes: self.successes(machine) }
    }

    /// Returns the successes of the period for a machine that has a window, otherwise zero. The caller holds the lock.
    pub(crate) fn successes(&self, machine: &Machine) -> u64 {
        if machine.has_window() { self.0.totals.sums(machine.period(), &machine.tally).successes } else { 0 }
    }

    fn release(&self, ticket: Ticket) {
        if ticket.is_trial() {
            self.0.gate.decide(|machine, _| machine.release(ticket));
        }
    }
}

/// The nanoseconds that are left until then, none once it has come.
fn left(until: Tick) -> Option<u64> {
    until.to_bits().checked_sub(Tick::now().to_bits()).filter(|left| *left > 0)
}
