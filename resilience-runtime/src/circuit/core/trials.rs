//! Admits the trial calls of a half-open circuit, and limits their number.

use std::mem;

use crate::base::clock::{Tick, nanos};
use crate::circuit::core::decision::Admission;
use crate::circuit::core::machine::{Machine, State, remaining};
use crate::circuit::core::ticket::Ticket;
use crate::circuit::core::wait::Wait;
use crate::circuit::settings::Settings;

impl Machine {
    /// Admits a trial call to the half-open circuit, if the circuit has room for the trial call. If the newest trial
    /// call has exceeded its time limit, the running trial calls no longer count.
    pub(super) fn admit_trial(&mut self, now: Tick, settings: &Settings) -> Result<Admission, Wait> {
        let is_full = self.has_enough_trials(settings);
        let mut expired = 0;
        if let State::HalfOpen { in_flight, newest, .. } = &mut self.state {
            *newest = newest.on_clock_of(now);
            match remaining(*newest, settings.trial_timeout, now) {
                Some(wait) if is_full => return Err(Wait::half_open(nanos(wait))),
                None if *in_flight > 0 => {
                    expired = mem::take(in_flight);
                    self.lease = Ticket::next_lease(self.lease);
                }
                _ => {}
            }
            *in_flight += 1;
            *newest = now.max(*newest);
        }
        Ok(Admission { expired, ..Admission::of(self.ticket(self.lease.into())) })
    }

    /// Returns whether the half-open circuit has no room for another trial call. `half_open_max` limits the sum of the
    /// successful and the running trial calls. [`more`] can raise this limit. Returns false if the circuit is not
    /// half-open.
    ///
    /// If no trial call is running, the next call is always admitted. Without this rule, the circuit would stay
    /// half-open for ever if `half_open_max` changed to the number of successful trial calls.
    #[inline]
    pub(super) fn has_enough_trials(&self, settings: &Settings) -> bool {
        let State::HalfOpen { successes, in_flight, undecided, .. } = self.state else { return false };
        let max = u64::from(settings.half_open_max) + more(undecided);
        in_flight > 0 && u64::from(successes) + u64::from(in_flight) >= max
    }

    /// Returns whether the half-open circuit still counts a trial call as running. `ticket` records the admission of
    /// this trial call. A trial call that has exceeded its time limit counts as running until the circuit admits the
    /// next trial call.
    pub(crate) fn is_live(&self, ticket: Ticket) -> bool {
        matches!(self.state, State::HalfOpen { .. }) && ticket.at_admission() == self.ticket(self.lease.into())
    }

    /// Subtracts a trial call from the number of running trial calls. `ticket` records the admission of this trial
    /// call. Does nothing if the circuit no longer counts the trial call as running, for example because the trial call
    /// exceeded its time limit.
    pub(super) fn release(&mut self, ticket: Ticket) {
        let is_live = self.is_live(ticket);
        if let State::HalfOpen { in_flight, .. } = &mut self.state {
            *in_flight = in_flight.saturating_sub(is_live.into());
        }
    }

    /// Returns whether the circuit is still in the half-open state that admitted a trial call. Unlike
    /// [`is_live`](Self::is_live), returns true even if the trial call has exceeded its time limit.
    pub(crate) fn is_of_half_open(&self, ticket: Ticket) -> bool {
        matches!(self.state, State::HalfOpen { .. }) && ticket.generation() == self.generation()
    }

    /// Ends a trial call that counts as neither success nor failure. After several of these trial calls, the circuit
    /// admits more trial calls at the same time. Does nothing if the trial call belongs to an earlier state.
    pub(crate) fn abandon(&mut self, ticket: Ticket) {
        let is_current = self.is_of_half_open(ticket);
        self.release(ticket);
        if let State::HalfOpen { undecided, .. } = &mut self.state {
            *undecided = undecided.saturating_add(is_current.into());
        }
    }
}

/// Returns the number by which a half-open circuit exceeds the option `half_open_max`. `undecided` is the number of
/// trial calls that ended neither as success nor as failure.
///
/// For example, a request makes several calls of the circuit at the same time. If the circuit rejects the second call,
/// the caller drops the first call, which is the trial call. Without additional trial calls, all requests could end in
/// this way, and the circuit would never close.
fn more(undecided: u16) -> u64 {
    /// The number of undecided trial calls that a half-open circuit tolerates.
    const TOLERATED: u16 = 3;
    /// The largest number of additional trial calls.
    const MOST: u16 = 32;
    undecided.saturating_sub(TOLERATED).min(MOST).into()
}
