//! Implements the quotas that a service reports, for example in the headers of its responses. A quota is the number of
//! tokens that the service still allows before the reset, when the service grants new tokens.

use std::time::Duration;

use crate::base::clock::{Tick, nanos};

/// The number of tokens that a service still allows, and the time of the reset, when the service grants new tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    remaining: u32,
    /// The time from the report of the quota until the reset. This field identifies a reset time from another clock.
    length: Duration,
    until: Tick,
}

/// The longest time until the reset of a quota. Without this limit, a wrong header could stop all calls for ever.
pub(crate) const LONGEST_RESET: Duration = Duration::from_secs(86_400);

impl Quota {
    pub(crate) fn new(remaining: u32, reset: Duration, now: Tick) -> Self {
        let length = reset.min(LONGEST_RESET);
        Self { remaining, length, until: now.after(length) }
    }

    /// Returns the time until the reset, or zero if the reset has passed. A reset time from another clock, such as the
    /// paused clock of another test, counts as past.
    fn left(self, now: Tick) -> Duration {
        self.until.left(self.length, now)
    }

    /// Returns whether `other` admits every call that this quota admits. If so, `other` is redundant.
    fn implies(self, other: Self) -> bool {
        self.remaining <= other.remaining && self.until >= other.until
    }
}

/// The quotas that apply now. A call is admitted only if every quota admits the call.
///
/// The list contains several quotas, because each response may report a different quota, and the responses arrive in
/// any order. Each quota applies until its own reset. One merged quota with the fewest tokens and the latest reset
/// would be too strict. Steady calls would use up its tokens, although the service keeps granting new tokens.
///
/// The list is sorted by reset time, and contains no redundant quota, see [`Quota::implies`]. A quota with a later
/// reset therefore has more tokens.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Vec<Quota>);

/// The maximum number of quotas in the list. If the list becomes longer, [`Quotas::join_two`] merges two quotas.
const MOST: usize = 32;

impl Quotas {
    /// Adds a quota, and returns whether any quota applies.
    pub(crate) fn add(&mut self, quota: Quota, now: Tick) -> bool {
        self.forget_past(now);
        if !quota.left(now).is_zero() && !self.0.iter().any(|other| other.implies(quota)) {
            self.0.retain(|other| !quota.implies(*other));
            let place = self.0.partition_point(|other| other.until < quota.until);
            self.0.insert(place, quota);
            if self.0.len() > MOST {
                self.join_two(now);
            }
        }
        self.applies()
    }

    pub(crate) fn applies(&self) -> bool {
        !self.0.is_empty()
    }

    /// Removes each quota whose reset has passed, and returns whether any quota applies.
    pub(crate) fn forget_past(&mut self, now: Tick) -> bool {
        self.0.retain(|quota| !quota.left(now).is_zero());
        self.applies()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns each quota with fewer than `tokens` tokens: its number of tokens, and the time in nanoseconds until its
    /// reset.
    pub(crate) fn below(&self, tokens: u64, now: Tick) -> impl Iterator<Item = (u64, u64)> + '_ {
        let quotas = self.0.iter().map(move |quota| (u64::from(quota.remaining), nanos(quota.left(now))));
        quotas.take_while(move |(remaining, _)| *remaining < tokens)
    }

    /// Returns the time in nanoseconds until each quota with fewer than `tokens` tokens has been reset. Returns zero if
    /// all quotas have enough tokens.
    pub(crate) fn wait(&self, tokens: u64, now: Tick) -> u64 {
        self.below(tokens, now).map(|(_, reset)| reset).max().unwrap_or(0)
    }

    pub(crate) fn take(&mut self, tokens: u32) {
        for quota in &mut self.0 {
            quota.remaining = quota.remaining.saturating_sub(tokens);
        }
    }

    /// Merges two neighbours in the list into one quota with the smaller number of tokens and the later reset. Chooses
    /// the neighbours whose merged quota has the shortest time between its reset and the reset of the quota before it.
    /// The reset times in the list therefore stay evenly spread.
    fn join_two(&mut self, now: Tick) {
        let before = |place: usize| place.checked_sub(1).map_or(now, |place| self.0[place].until);
        let gap = |place: &usize| self.0[place + 1].until.since(before(*place));
        if let Some(place) = (0..self.0.len() - 1).min_by_key(gap) {
            self.0[place + 1].remaining = self.0[place].remaining;
            self.0.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_admit_what_every_quota_admits() {
        let now = Tick::now();
        for reports in 1..200_u32 {
            let (mut quotas, mut all) = (Quotas::default(), Vec::new());
            for report in 0..reports {
                let (remaining, reset) = (report * 7919 % 101, u64::from(report * 104_729 % 97) * 8);
                quotas.add(Quota::new(remaining, Duration::from_nanos(reset), now), now);
                all.push((remaining, reset));
            }
            assert!(quotas.0.len() <= MOST);
            for tokens in 0..102 {
                let wait = all.iter().filter(|(remaining, _)| tokens > *remaining).map(|(_, reset)| *reset).max();
                let wait = wait.unwrap_or(0);
                let joined = quotas.wait(tokens.into(), now);
                assert!(joined >= wait, "{tokens} tokens after {reports} reports: {joined} and {wait}");
                assert!(joined == wait || all.len() > MOST, "{tokens} tokens after {reports} reports");
            }
        }
    }
}
