//! Defines [`Core`], which admits the calls of one circuit, records their outcomes, and emits the events. Each event is
//! emitted after the lock of the circuit is released, because a subscriber of events is user code.

use std::fmt;
use std::time::Duration;

use crate::base::clock::{Stamp, Tick};
use crate::base::name::Name;
use crate::base::noted::Failed;
use crate::base::still_open::{FOREVER, StillOpen};
use crate::base::sync::Arc;
use crate::circuit::core::blind::BLIND_CALLS;
use crate::circuit::core::decision::{Admission, Effect, End};
use crate::circuit::core::durations::Ended;
use crate::circuit::core::gate::Gate;
use crate::circuit::core::machine::Machine;
use crate::circuit::core::running;
use crate::circuit::core::state::{CircuitState, Phase, SuccessPath};
use crate::circuit::core::stripes::Stripes;
use crate::circuit::core::ticket::Ticket;
use crate::circuit::core::totals::Totals;
use crate::circuit::core::transitions::Cause;
use crate::circuit::core::wait::Wait;
use crate::circuit::events;
use crate::circuit::settings::Settings;
use crate::events::debug_wanted;

/// The state that all clones of a `CircuitBreaker` share.
///
/// `repr(C)` places the name next to the reference count of the `Arc`, in the same cache line. A lookup of a breaker by
/// name reads the name and changes the reference count, so the lookup needs only this cache line.
#[repr(C)]
pub(crate) struct Core {
    pub(crate) name: Name,
    pub(crate) gate: Gate,
    pub(crate) totals: Totals,
}

impl Core {
    pub(crate) fn new(name: Name, settings: Arc<Settings>, stripes: Stripes) -> Self {
        Self { name, gate: Gate::new(settings), totals: Totals::new(stripes) }
    }

    /// Admits or rejects a call that the faster check [`Gate::closed`] has not already admitted.
    ///
    /// A trial call is an admitted call of a half-open circuit. If the body of a running trial call makes an inner call
    /// through this circuit, the circuit always admits the inner call. The outcome of the inner call does not affect
    /// the circuit.
    ///
    /// Takes no lock if the phase (a summary of the state) already shows that the circuit rejects calls.
    ///
    /// For a rejected call, also returns the time of the rejection. This time has no meaning if the circuit was forced
    /// open.
    #[inline]
    pub(crate) fn admit(&self) -> Result<Admission, (Wait, Tick)> {
        let gate = &self.gate;
        if running::is_within(self, |trial| gate.read(|machine, _| machine.is_of_half_open(trial))) {
            return Ok(gate.read(|machine, settings| Admission::of(machine.late(settings))));
        }
        let phase = gate.phase();
        match phase {
            Phase::Closed { generation, success: SuccessPath::Timed } => {
                return Ok(Admission::of(Ticket::new(generation, Ticket::TIMED)));
            }
            Phase::Disabled { generation } => {
                let lease = if gate.keeps_durations() { Ticket::TIMED } else { Ticket::NO_TRIAL };
                return Ok(Admission::of(Ticket::new(generation, lease)));
            }
            Phase::Open { until } | Phase::Full { until } => {
                let now = Tick::now();
                if let Some(left) = self.left(until, now) {
                    let open = matches!(phase, Phase::Open { .. });
                    return Err((if open { Wait::open(left) } else { Wait::half_open(left) }, now));
                }
            }
            Phase::ForcedOpen { wait: wait @ 1.. } => return Err((Wait::forced_open(wait), Tick::from_bits(0))),
            Phase::ForcedOpen { .. } | Phase::HalfOpen | Phase::Closed { .. } => {}
        }
        gate.decide(|machine, settings| {
            let now = Tick::now();
            machine.admit(now, settings).or_else(|wait| {
                if settings.shadow {
                    Ok(Admission { shadowed: Some(wait), ..Admission::of(machine.late(settings)) })
                } else {
                    Err((wait, now))
                }
            })
        })
    }

    pub(crate) fn reject(&self, wait: Wait) {
        self.totals.add_rejected();
        if debug_wanted() {
            events::rejected(&self.name, wait);
        }
    }

    /// Returns the nanoseconds from `now` until the tick `until`, or `None` if this tick has passed. Also returns
    /// `None` if the result would exceed the limit [`Gate::longest_wait`]. The option `shadow` sets this limit to zero.
    /// An `until` from another clock, such as the paused clock of a test's runtime, can also exceed the limit.
    #[inline]
    fn left(&self, until: Tick, now: Tick) -> Option<u64> {
        let left = until.to_bits().checked_sub(now.to_bits()).filter(|left| *left > 0)?;
        (left <= self.gate.longest_wait()).then_some(left)
    }

    #[cold]
    pub(crate) fn announce(&self, admission: &Admission) {
        if admission.expired > 0 {
            events::trial_expired(&self.name, admission.expired);
        }
        if admission.half_opened {
            events::half_open(&self.name);
        }
    }

    /// Returns the ticket (the record of the admission) of a call. Also returns the start time of the call if the
    /// circuit or an event needs this time. If an event needs the duration of the call, the method `timed` marks the
    /// returned ticket.
    #[cold]
    pub(crate) fn start(&self, ticket: Ticket) -> (Ticket, Option<Tick>) {
        let by_event = events::durations_wanted();
        (if by_event { ticket.timed() } else { ticket }, self.needs_start(by_event).then(Tick::now))
    }

    /// Returns whether the circuit or an event needs the start time of each call. `by_event` is true if an event needs
    /// this time.
    fn needs_start(&self, by_event: bool) -> bool {
        by_event || self.gate.has_slow_calls() || self.gate.keeps_durations()
    }

    /// Removes the time of the body's first wait, because a stream has returned an item. The next wait for an item then
    /// begins the time of `hung_after` again.
    #[cfg(feature = "stream")]
    #[cold]
    pub(crate) fn forget_wait(&self, ticket: &mut Ticket, started: &mut Option<Tick>) {
        *ticket = ticket.at_admission();
        if !self.needs_start(events::durations_wanted()) {
            *started = None;
        }
    }

    /// Counts the duration of a call if the circuit has the option `durations`. `now` returns the time at which the
    /// call ended.
    #[inline]
    fn add_duration(&self, ended: Ended, started: Option<Tick>, now: impl FnOnce() -> Tick) {
        if let Some(started) = started.filter(|_| self.gate.keeps_durations()) {
            self.gate.add_duration(ended, now().since(started));
        }
    }

    /// Records a call that counts as neither success nor failure.
    #[cold]
    pub(crate) fn ignore(&self, ticket: Ticket, started: Option<Tick>) {
        self.totals.add_ignored();
        self.add_duration(Ended::Ignored, started, Tick::now);
        if ticket.is_trial() {
            self.gate.decide(|machine, _| machine.abandon(ticket));
        }
    }

    /// Records a cancelled call, whose future or permit was dropped. `failed` applies to a call that counts as a failure
    /// because of `hung_after`.
    #[cold]
    pub(crate) fn cancel(&self, ticket: Ticket, started: Option<Tick>, failed: Failed) {
        self.end_without_outcome(ticket, started, Totals::add_cancelled, Ended::Cancelled, failed);
    }

    /// Records a call that the caller's [`deadline`](crate::deadline()) ended.
    #[cold]
    pub(crate) fn end_late(&self, ticket: Ticket, started: Option<Tick>, failed: Failed) {
        self.end_without_outcome(ticket, started, Totals::add_ignored, Ended::Ignored, failed);
    }

    /// Records an outer call that failed with the error of an inner call. The inner call did not start, because the
    /// caller's deadline had already passed. If the body of the outer call ran for `hung_after` or longer, the outer
    /// call counts as a failure. Otherwise, the outer call counts as neither success nor failure.
    #[cold]
    pub(crate) fn end_too_late(&self, ticket: Ticket, started: Option<Tick>, failed: Failed) {
        if self.has_hung(ticket, started, Tick::now()) {
            self.fail(ticket, started, Some(&"hung"), None, failed);
        } else {
            self.ignore(ticket, started);
        }
    }

    /// Returns whether the call has run for `hung_after` or longer since the first wait of its body. Returns false if
    /// `ticket`, the record of the call's admission, contains no wait of the body.
    ///
    /// The ticket contains the time from `started` to the first wait of the body. Usually, this time is zero, because
    /// `started` is the time of the first wait. If the circuit counts slow calls, for example, `started` is the time of
    /// the admission instead. A wait before the body starts, for example in the queue of a bulkhead below the circuit,
    /// does not count towards `hung_after`.
    fn has_hung(&self, ticket: Ticket, started: Option<Tick>, now: Tick) -> bool {
        let (Some(started), Some(until_wait)) = (started, ticket.until_wait()) else { return false };
        let ran = now.since(started).saturating_sub(until_wait);
        self.gate.read(|_, settings| settings.hung_after.is_some_and(|after| ran >= after))
    }

    /// Records a call that was cancelled, or that a deadline ended. If the call ran for `hung_after` or longer, records
    /// a failure. Otherwise, calls `add`, which counts the call in the totals.
    fn end_without_outcome(
        &self,
        ticket: Ticket,
        started: Option<Tick>,
        add: impl FnOnce(&Totals),
        ended: Ended,
        failed: Failed,
    ) {
        let Self { name, gate, totals } = self;
        let now = Tick::now();
        if self.has_hung(ticket, started, now) {
            return self.fail(ticket, started, Some(&"hung"), None, failed);
        }
        add(totals);
        self.add_duration(ended, started, || now);
        let blind = gate.decide(|machine, _| {
            machine.abandon(ticket);
            let outcomes = totals.sums(machine.period(), &machine.tally).succeeded + machine.tally.failed;
            machine.blind.add(outcomes, now)
        });
        if blind {
            events::blind(name, BLIND_CALLS);
        }
    }

    /// Records the success of a call that ends now. Usually, this function only increments a counter of this thread,
    /// and does not take the lock. If this thread has no counters yet, the slower function `finish_success` assigns
    /// counters to the thread.
    pub(crate) fn succeed(&self, ticket: Ticket, started: Option<Tick>) {
        // Reads the clock before the atomic exchange that counts the success. A clock reading after the exchange would
        // have to wait for the exchange, because the processor executes no later instruction before the exchange ends.
        let now = Stamp::now();
        // Emits no event if `count` counts the success. If a subscriber wants the event `circuit_success` of this call,
        // `is_quiet_for` returns false.
        if !(self.gate.is_quiet_for(ticket) && self.count(ticket, now)) {
            self.finish_success(ticket, started, now);
        }
    }

    /// Counts a success in a counter of this thread. Returns false, and counts nothing, if the success needs the lock
    /// of the circuit.
    #[inline]
    fn count(&self, ticket: Ticket, now: Stamp) -> bool {
        self.totals.assigned().is_some_and(|slot| slot.succeed(ticket.generation(), now))
    }

    /// Records a success that [`succeed`](Self::succeed) has not counted, and emits the events of this success.
    #[cold]
    fn finish_success(&self, ticket: Ticket, started: Option<Tick>, now: Stamp) {
        let Self { name, gate, totals } = self;
        let is_counted = gate.is_quiet(ticket.generation()) && self.count(ticket, now);
        let effect = if is_counted || self.count_timed(ticket, started, now) {
            Effect::Counted
        } else {
            self.add_duration(Ended::Success, started, Tick::now);
            gate.decide(|machine, settings| {
                let end = self.end(machine, started, None);
                let effect = machine.succeed(ticket, settings, &end);
                totals.begin_period(machine.period(), now, &mut machine.tally);
                effect
            })
        };
        if events::durations_wanted() {
            events::success(name, started);
        }
        match effect {
            Effect::Closed => events::closed(name),
            Effect::Opened { cause, failures } => {
                events::opened(name, opened_from(cause), cause.reason(), failures, None);
            }
            Effect::Stale | Effect::Counted => {}
        }
    }

    /// Tries to count a success without the lock of the circuit. Returns false if the caller must take the lock to
    /// record the success, for example because the call was slow.
    fn count_timed(&self, ticket: Ticket, started: Option<Tick>, now: Stamp) -> bool {
        let Self { gate, totals, .. } = self;
        if !gate.is_closed(ticket.generation(), SuccessPath::Timed) {
            return false;
        }
        let ended = Tick::now();
        if gate.is_due(ended) || started.is_some_and(|started| gate.is_slow(started, ended)) {
            return false;
        }
        let counted = totals.of_thread().succeed(ticket.generation(), now);
        if counted {
            self.add_duration(Ended::Success, started, || ended);
        }
        counted
    }

    /// Records a failure, which occurred in the way `failed`.
    ///
    /// If the circuit is now open, leaves a message ([`StillOpen`]) that tells a retry for how long the circuit will
    /// reject calls. If the circuit is not open, calls [`Failed::void_messages`]. A retry then ignores the earlier
    /// messages of circuits on this thread.
    #[cold]
    pub(crate) fn fail(
        &self,
        ticket: Ticket,
        started: Option<Tick>,
        error: Option<&dyn fmt::Display>,
        retry_after: Option<Duration>,
        failed: Failed,
    ) {
        let Self { name, gate, .. } = self;
        let now = Stamp::now();
        self.add_duration(Ended::Failure, started, Tick::now);
        let effect = gate.decide(|machine, settings| {
            machine.tally.last_failure = now;
            machine.fail(ticket, settings, &self.end(machine, started, retry_after))
        });
        if events::durations_wanted() {
            events::failure(name, started, error);
        }
        if let Effect::Opened { cause, failures } = effect {
            events::opened(name, opened_from(cause), cause.reason(), failures, error);
        }
        // After a failure that was only counted, the circuit announces no wait to retries, because this failure has not
        // opened the circuit.
        let until = if matches!(effect, Effect::Counted) { None } else { self.until() };
        match until {
            Some(until) => StillOpen::leave_failure(self.address(), until, failed.reason()),
            None => failed.void_messages(),
        }
    }

    /// Returns the bits of the tick at which the cooldown ends if the circuit is open, and [`FOREVER`] if the circuit is
    /// forced open. Returns `None` in all other states. Also returns `None` if the option `shadow` is set, because the
    /// circuit then rejects no call.
    fn until(&self) -> Option<u64> {
        match self.gate.phase() {
            Phase::Open { until } => self.left(until, Tick::now()).map(|_| until.to_bits()),
            Phase::ForcedOpen { wait } if wait > 0 || !self.is_shadow() => Some(FOREVER),
            _ => None,
        }
    }

    /// Returns whether the option `shadow` is set. In the phase `ForcedOpen`, a wait of zero has two possible causes:
    /// this option, or a cooldown of zero.
    #[cold]
    #[inline(never)]
    fn is_shadow(&self) -> bool {
        self.gate.read(|_, settings| settings.shadow)
    }

    /// Returns a number that identifies this circuit while the circuit exists.
    pub(crate) fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    #[inline]
    fn end(&self, machine: &Machine, started: Option<Tick>, retry_after: Option<Duration>) -> End {
        let gate = &self.gate;
        let slow = started.is_some_and(|started| gate.has_slow_calls() && gate.is_slow(started, Tick::now()));
        End { slow, retry_after, successes: self.successes(machine) }
    }

    /// Returns the number of successes since the circuit last closed or was reset. Returns zero if the circuit has no
    /// window of recent calls, because only a window needs the number. The caller must hold the lock of the circuit.
    pub(crate) fn successes(&self, machine: &Machine) -> u64 {
        if machine.has_window() { self.totals.sums(machine.period(), &machine.tally).successes } else { 0 }
    }
}

/// Returns the state before the circuit opened. `cause` is the cause of the opening.
fn opened_from(cause: Cause) -> CircuitState {
    if cause == Cause::Trial { CircuitState::HalfOpen } else { CircuitState::Closed }
}
